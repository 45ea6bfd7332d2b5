import NovaCore
import NovaDatabase
import NovaHTTP
import NovaInterfaces
import NovaModel
import NovaRPC
import NovaStore
import Logging

/// What all resources of the Compute API work with.
struct APIParts: Sendable {
    let bus: RPCBus
    let database: Database
    let quota: Quota
    let liveness: HostLiveness
    /// After how many seconds without a report a daemon counts as down.
    let serviceDownTime: Int64
    let maxLimit: Int64
    let log: Logger

    /// A server that the caller may see: administrators see all, others those of their project.
    ///
    /// - Throws: `notFound` also for other projects' servers, so that their ids tell nothing.
    func server(_ request: APIRequest, deleted: Bool = false) async throws -> ServerRecord {
        let text = request.parameters["id"] ?? ""
        let caller = try request.caller
        guard let id = ServerID(text),
            let server = try await database.read({ try ServerTable($0).find(id, deleted: deleted) }),
            caller.isAdmin || server.projectID == caller.projectID
        else { throw NovaError(.notFound, "Instance \(text) could not be found.") }
        return server
    }

    /// Wakes a conductor for a workflow that is already in the database.
    ///
    /// A wake-up that is lost costs time only: conductors look for work by themselves. So the request does not wait.
    func wakeConductor(_ id: WorkflowID, _ context: RequestContext) {
        let bus = bus
        let log = log
        // Detached from the request: its answer is already decided.
        Task {
            do {
                try await bus.cast(WorkflowReady(id), to: .topic(WorkflowReady.topic), context: context)
            } catch {
                log.warning("no conductor could be woken for \(id); it will be found later: \(NovaError(error))")
            }
        }
    }
}

extension APIRequest {
    /// The project that the caller acts for.
    ///
    /// - Throws: `forbidden` for a token without a project.
    var project: ProjectID {
        get throws {
            guard let project = try caller.projectID else {
                throw NovaError(.forbidden, "This needs a token that is scoped to a project.")
            }
            return project
        }
    }

    /// Whether the request's microversion is at least 2.`minor`.
    func atLeast(_ minor: Int) -> Bool { version >= Microversion(2, minor) }
}
