/// Whether a part of a service can do its work.
public enum HealthState: Sendable, Equatable {
    /// It cannot work yet; what it waits for.
    case starting(String)
    case ready
    /// It works, but the operator should know why it could be better.
    case degraded(String)
    /// It cannot do its work now; the cause.
    case failed(String)

    /// Whether it works.
    public var isReady: Bool {
        switch self {
        case .ready, .degraded: true
        case .starting, .failed: false
        }
    }

    var word: String {
        switch self {
        case .starting: "starting"
        case .ready: "ready"
        case .degraded: "degraded"
        case .failed: "failed"
        }
    }

    var cause: String? {
        switch self {
        case .ready: nil
        case .starting(let cause), .degraded(let cause), .failed(let cause): cause
        }
    }
}
