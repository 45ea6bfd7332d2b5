public import NovaCore
import Synchronization

/// Whether a part of a service can do its work.
public enum HealthState: Sendable, Equatable {
    case ready
    /// It works, but the operator should know why it could be better.
    case degraded(String)
    /// It cannot do its work now; the cause.
    case failed(String)
}

/// What the parts of a process say of themselves; shown by `/readyz`.
public final class HealthRegistry: Sendable {
    /// One part as it reported last.
    public struct Entry: Sendable, Equatable {
        /// "queue", "database", "nova-api".
        public let component: String
        public let state: HealthState
        /// When the state was reported.
        public let since: Timestamp
    }
    private let entries = Mutex<[String: Entry]>([:])

    public init() {}

    /// Reports the state of a part; the time is kept while the state stays the same.
    public func set(_ component: String, _ state: HealthState) {
        entries.withLock { entries in
            guard entries[component]?.state != state else { return }
            entries[component] = Entry(component: component, state: state, since: .now())
        }
    }

    /// Forgets a part.
    public func remove(_ component: String) { entries.withLock { $0[component] = nil } }

    /// All parts, sorted by name.
    public var report: [Entry] { entries.withLock { $0.values.sorted { $0.component < $1.component } } }

    /// True when at least one part has reported and none has failed.
    public var isReady: Bool {
        let report = report
        return !report.isEmpty
            && report.allSatisfy {
                if case .failed = $0.state { return false }
                return true
            }
    }

    /// `component state cause`, one line each.
    public var text: String {
        report.map { entry in
            switch entry.state {
            case .ready: "\(entry.component) ready since \(entry.since)\n"
            case .degraded(let cause): "\(entry.component) degraded since \(entry.since): \(cause)\n"
            case .failed(let cause): "\(entry.component) failed since \(entry.since): \(cause)\n"
            }
        }.joined()
    }
}
