public import NovaModel

/// A rule that a host must pass.
///
/// One file per filter in `Filters/`, one line in ``FilterCatalogue``.
public protocol HostFilter: Sendable {
    /// As in `[filter_scheduler] enabled_filters`.
    static var name: String { get }

    /// Whether the request asks for anything that this filter looks at; when not, all hosts pass.
    func applies(to request: SchedulingRequest) -> Bool

    /// Whether the host may take the server.
    func passes(_ host: HostState, _ request: SchedulingRequest) -> Bool

    /// Why a host did not pass, for the explanation.
    func reason(_ host: HostState, _ request: SchedulingRequest) -> String
}

extension HostFilter {
    public func applies(to request: SchedulingRequest) -> Bool { true }
    /// The filter's configured name.
    public var name: String { Self.name }
}
