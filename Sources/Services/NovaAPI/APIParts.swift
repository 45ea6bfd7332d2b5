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
    /// The most local disks that a request for a server names; negative: no limit.
    let maxLocalDisks: Int
    /// Whether deleted servers are kept for a while.
    let keepsDeleted: Bool
    let log: Logger
    /// Image and network service, for the proxies of old microversions.
    let images: PeerService
    let networks: PeerService

    /// Lets the schedulers know that hosts or aggregates have changed.
    ///
    /// The change itself is in the database; when nobody can be told, schedulers see it within a minute.
    func tellSchedulers(_ context: RequestContext) async {
        do {
            _ = try await bus.call(
                TellSchedulers(), to: .topic(TellSchedulers.topic), context: context, timeout: .seconds(5))
        } catch {
            log.warning("schedulers were not told of a change; they see it later: \(NovaError(error))")
        }
    }

    /// Reads servers with what their views need to know of the cloud, as of one moment.
    ///
    /// The broker is asked for live hosts only where `host_status` shows them.
    ///
    /// - Parameter server: the one that the body will ask for.
    func withFacts<T: Sendable>(
        _ request: APIRequest, about server: String? = nil,
        _ body: @escaping @Sendable (Connection, ServerFacts) throws -> T
    ) async throws -> T {
        let reading = try await readingFacts(request, body)
        return try await database.read { connection in
            if let id = server.flatMap({ ServerID($0) }) { try ServerTable(connection).expect(id) }
            return try reading(connection)
        }
    }

    /// The same for many servers.
    func scanWithFacts<T: Sendable>(
        _ request: APIRequest, _ body: @escaping @Sendable (Connection, ServerFacts) throws -> T
    ) async throws -> T {
        try await database.scan(try await readingFacts(request, body))
    }

    private func readingFacts<T: Sendable>(
        _ request: APIRequest, _ body: @escaping @Sendable (Connection, ServerFacts) throws -> T
    ) async throws -> @Sendable (Connection) throws -> T {
        let showsHosts = try request.caller.isAdmin && request.atLeast(16)
        let liveQueues = showsHosts ? try await liveness.liveQueues() : []
        return { connection in
            if showsHosts { try HostTable(connection).expectExceptions() }
            var facts = ServerFacts(zones: try AggregateTable(connection).zones(), liveQueues: liveQueues)
            if showsHosts { (facts.forcedDown, facts.disabled) = try HostTable(connection).exceptions() }
            return try body(connection, facts)
        }
    }

    /// A server that the caller may see: administrators see all, others those of their project.
    ///
    /// - Throws: `notFound` also for other projects' servers, so that their ids tell nothing.
    func server(_ request: APIRequest, deleted: Bool = false) async throws -> ServerRecord {
        try await database.read { try visibleServer(request, deleted: deleted, $0) }
    }

    /// The same inside a transaction.
    func visibleServer(_ request: APIRequest, deleted: Bool = false, _ connection: Connection) throws -> ServerRecord {
        let text = request.parameters["id"] ?? ""
        let caller = try request.caller
        guard let id = ServerID(text), let server = try ServerTable(connection).find(id, deleted: deleted),
            caller.isAdmin || server.projectID == caller.projectID
        else { throw NovaError(.notFound, "Instance \(text) could not be found.") }
        return server
    }

    /// Answers from rows alone: the same request of the same project gets the same bytes, until the database changes.
    func remembered(
        _ request: APIRequest, _ answer: @escaping @Sendable (Connection) throws -> APIResponse
    ) async throws -> APIResponse {
        let caller = try request.caller
        // No text of a request has U+0000.
        let parts = [
            request.operation, request.version.description, request.baseURL, request.apiPath, request.path,
            caller.projectID?.text ?? "", caller.isAdmin ? "admin" : "",
        ]
        let name = (parts + request.query.flatMap { [$0.name, $0.value] }).joined(separator: "\0")
        return try await database.read { connection in try connection.remembered(name) { try answer(connection) } }
    }

    /// A flavor that the caller may use; administrators may use all.
    ///
    /// - Throws: `notFound` also for flavors of other projects.
    func flavor(_ request: APIRequest) async throws -> Flavor {
        let caller = try request.caller
        let id = try request.parameter("id")
        let flavor = try await database.read {
            try FlavorTable($0).find(id, for: caller.projectID, isAdmin: caller.isAdmin)
        }
        guard let flavor else { throw NovaError(.notFound, "Flavor \(id) could not be found.") }
        return flavor
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
