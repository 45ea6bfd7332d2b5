import NovaCore
import NovaDatabase
import NovaModel
import NovaStore

extension APIParts {
    /// How long a client waits for a workflow; as the original's call to a compute host.
    private static let patience = Duration.seconds(60)
    private static let pauses = (first: Duration.milliseconds(10), longest: Duration.milliseconds(200))

    /// Waits for what users see as the end of a workflow.
    ///
    /// - Returns: the workflow when it has ended well.
    /// - Throws: why it has failed; `timeout` when it still runs, as it goes on to do.
    func end(of id: WorkflowID) async throws -> WorkflowRecord {
        let deadline = Deadline.after(Self.patience)
        var pause = Self.pauses.first
        while true {
            guard let workflow = try await database.read({ try WorkflowTable($0).find(id) }) else {
                throw NovaError(.notFound, "The request was given up.", details: "workflow \(id) is gone")
            }
            switch workflow.state {
            case .succeeded: return workflow
            // What is owed after a success is nothing to its user.
            case .owed where workflow.error == nil: return workflow
            case .failed, .undoing, .owed:
                throw workflow.error?.novaError ?? NovaError(.internal, "The request failed.", details: "\(id)")
            case .running, .restarting: break
            }
            guard !deadline.hasPassed else {
                throw NovaError(.timeout, "The request takes longer than expected, and goes on.", details: "\(id)")
            }
            try await SteadyClock.sleep(for: pause)
            pause = min(pause * 2, Self.pauses.longest)
        }
    }
}
