public import NovaCore
import Synchronization

/// What the parts of a process say of themselves; shown by `/readyz`.
///
/// Each part registers before it works, so that the process is ready only when all of them are.
public final class HealthRegistry: Sendable {
    /// One part as it reported last.
    public struct Entry: Sendable, Equatable {
        /// "nova-api/queue", "nova-conductor/database", "nova-api".
        public let component: String
        public let state: HealthState
        /// When the state was reported.
        public let since: Timestamp
    }
    private struct State {
        var entries: [String: Entry] = [:]
        var observer: (@Sendable (HealthRegistry) -> Void)?

        var isReady: Bool { !entries.isEmpty && entries.values.allSatisfy(\.state.isReady) }
    }
    private let state = Mutex(State())

    public init() {}

    /// Registers a part that cannot work yet, and what it waits for.
    public func part(_ component: String, waitsFor cause: String) -> HealthPart {
        HealthPart(component, waitsFor: cause, in: self)
    }

    /// Reports the state of a part; the time is kept while the state stays the same.
    public func set(_ component: String, _ state: HealthState) {
        change { entries in
            guard entries[component]?.state != state else { return }
            entries[component] = Entry(component: component, state: state, since: .now())
        }
    }

    /// Forgets a part.
    public func remove(_ component: String) { change { $0[component] = nil } }

    /// Calls an observer when the process as a whole becomes ready, and when it is so no more.
    func onChange(_ observer: @escaping @Sendable (HealthRegistry) -> Void) {
        state.withLock { $0.observer = observer }
    }

    private func change(_ body: (inout [String: Entry]) -> Void) {
        let observer = state.withLock { state in
            let wasReady = state.isReady
            body(&state.entries)
            return state.isReady == wasReady ? nil : state.observer
        }
        observer?(self)
    }

    /// All parts, sorted by name.
    public var report: [Entry] { state.withLock { $0.entries.values.sorted { $0.component < $1.component } } }

    /// True when at least one part has registered and all of them work.
    public var isReady: Bool { state.withLock { $0.isReady } }

    /// The parts that do not work, with the cause: `nova-api/http: does not listen yet; ...`.
    var obstacles: String {
        let missing = report.filter { !$0.state.isReady }.map { "\($0.component): \($0.state.cause ?? "")" }
        return missing.joined(separator: "; ")
    }

    /// A line that sums up, then `component state since time: cause`, one line each, those that do not work first.
    public var text: String {
        let report = report
        let missing = report.filter { !$0.state.isReady }
        var head = "ready\n"
        if report.isEmpty {
            head = "not ready: no part has registered yet\n"
        } else if !missing.isEmpty {
            head = "not ready: \(missing.count) of \(report.count) parts\n"
        }
        return (missing + report.filter(\.state.isReady)).reduce(into: head) { text, entry in
            text += "\(entry.component) \(entry.state.word) since \(entry.since.iso8601MicroZ)"
            text += entry.state.cause.map { ": \($0)\n" } ?? "\n"
        }
    }
}
