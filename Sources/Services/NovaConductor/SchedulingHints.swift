import NovaCore
import NovaDatabase
import NovaModel
import NovaSchema
import NovaStore
import NovaWorkflow

/// What the scheduler is told of a server's group and of the servers that its hints name.
enum SchedulingHints {
    /// Another member of the server's group got a host in between, so that the one chosen is no longer allowed.
    static let lateConflict = NovaError(
        .conflict, "Another server of the group was placed at the same moment; a host is looked for again.")

    /// What follows that error; nil for others.
    ///
    /// The scheduler sees the other member now; when it finds no host the action ends. A host that an administrator forces
    /// would be chosen again and again.
    static func response(to error: NovaError, isForced: Bool) -> FailureResponse? {
        guard error.message == lateConflict.message else { return nil }
        return isForced ? .undo : .restart
    }

    /// Looks up the hosts as they are now.
    static func fill(_ request: inout SchedulingRequest, _ server: ServerRecord, _ database: Database) async throws {
        guard server.serverGroupID != nil || !request.hints.isEmpty else { return }
        let hints = request.hints
        let found = try await database.read { connection in
            (
                group: try server.serverGroupID.flatMap {
                    try ServerGroupTable(connection).scheduling($0, for: server.id)
                },
                same: try hosts(named: hints["same_host"], connection),
                different: try hosts(named: hints["different_host"], connection)
            )
        }
        request.group = found.group
        request.sameHosts = found.same
        request.differentHosts = found.different
    }

    /// The hosts of the servers that a hint names: one id, or the JSON text of a list.
    static func hosts(named hint: String?, _ connection: Connection) throws -> SchedulingHosts? {
        guard let hint else { return nil }
        let ids: [String]
        if hint.hasPrefix("[") {
            ids = try JSONValue.parse(text: hint).arrayValue?.compactMap(\.stringValue) ?? []
        } else {
            ids = [hint]
        }
        let servers = try ids.compactMap { ServerID($0) }.compactMap { try ServerTable(connection).find($0) }
        return SchedulingHosts(servers.compactMap(\.host))
    }
}
