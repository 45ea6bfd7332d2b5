public import NovaModel

/// Gives hosts a raw weight; the selector scales it to 0…1 over the hosts that are left, and multiplies it.
public protocol HostWeigher: Sendable {
    /// Its name in explanations.
    static var name: String { get }

    /// More is better; a negative multiplier turns it round.
    func weight(_ host: HostState, _ request: SchedulingRequest) -> Double
}
