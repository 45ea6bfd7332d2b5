/// What a peer says it is in HELLO, and what the broker stamps on its messages.
public struct PeerName: Hashable, Sendable, CustomStringConvertible {
    public var role: String
    public var host: String
    public var instance: String

    public init(role: String = "", host: String = "", instance: String = "") {
        self.role = role
        self.host = host
        self.instance = instance
    }

    public var description: String { instance.isEmpty ? "\(role)@\(host)" : "\(role)@\(host)/\(instance)" }
}
