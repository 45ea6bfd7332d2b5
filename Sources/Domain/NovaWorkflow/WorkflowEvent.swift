import NovaDatabase
public import NovaModel
public import NovaStore

/// A moment in a workflow that others may want to know of.
public enum WorkflowPhase: String, Sendable, CaseIterable {
    case start
    /// What users wanted has come true.
    case end
    /// It has failed; what was done is being undone.
    case error

    /// What a change of a workflow's record means to its users; nil when they see none.
    ///
    /// What comes after the visible end is the cloud's own affair: an undoing, an owed cleanup.
    static func between(_ before: WorkflowRecord, _ after: WorkflowRecord) -> WorkflowPhase? {
        guard before.state != after.state, before.state == .running || before.state == .restarting else { return nil }
        switch after.state {
        case .succeeded: return .end
        case .undoing, .failed: return .error
        // A workflow that cannot fail has come to its end, or one that could not start again has failed.
        case .owed: return before.state == .running ? .end : .error
        case .running, .restarting: return nil
        }
    }
}

/// A phase of a workflow, with its server as it was in that moment.
public struct WorkflowEvent: Sendable {
    public var phase: WorkflowPhase
    public var workflow: WorkflowRecord
    public var server: ServerRecord

    public init(_ phase: WorkflowPhase, _ workflow: WorkflowRecord, _ server: ServerRecord) {
        self.phase = phase
        self.workflow = workflow
        self.server = server
    }
}

/// Tells one listener of the phases of all workflows: the one place that they are told from.
///
/// What it tells was committed. A conductor that dies between the commit and the telling tells nothing.
struct WorkflowTeller: Sendable {
    /// Nil where nobody listens; then nothing is read for it.
    let listener: (@Sendable (WorkflowEvent) -> Void)?

    /// Inside the transaction that changes a workflow: what will be told of it.
    ///
    /// - Parameter begins: whether the workflow is taken up for the first time.
    func events(
        _ before: WorkflowRecord, _ after: WorkflowRecord, begins: Bool, _ connection: Connection
    ) throws -> [WorkflowEvent] {
        guard listener != nil else { return [] }
        let phases = [begins ? .start : nil, WorkflowPhase.between(before, after)].compactMap(\.self)
        guard !phases.isEmpty, let server = try ServerTable(connection).find(after.serverID, deleted: true) else {
            return []
        }
        return phases.map { WorkflowEvent($0, after, server) }
    }

    /// After the commit.
    func tell(_ events: [WorkflowEvent]) {
        guard let listener else { return }
        for event in events { listener(event) }
    }
}
