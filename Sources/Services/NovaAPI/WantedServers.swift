import NovaCore
import NovaDatabase
import NovaHTTP
import NovaModel
import NovaStore
import NovaWire

/// The servers of one request, ready to be accepted.
struct WantedServers: Sendable {
    let template: ServerRecord
    let build: BuildState
    let counts: (minimum: Int64, maximum: Int64)
    /// Files that are put into each.
    let files: [(path: String, contents: String)]

    /// Counts what the project has, then writes servers and workflows, in one transaction: no two requests count alike.
    func accept(
        _ parts: APIParts, _ request: APIRequest
    ) async throws -> (first: ServerRecord, workflows: [WorkflowID]) {
        let isUnlimited = parts.quota.isUnlimited(try request.caller.projectName)
        let context = request.context
        let quota = parts.quota
        return try await parts.database.write { connection in
            if !isUnlimited { try ServerTable(connection).expectUsage(of: template.projectID) }
            let limits = try quota.allLimits(of: template.projectID, user: template.userID, connection)
            try check(limits.project)
            let count = isUnlimited ? counts.maximum : try Quota.fitting(counts, template, limits, connection)
            try joinGroup(count, limits.user, connection)
            let table = ServerTable(connection)
            let now = Timestamp.now()
            let reservation = "r-" + String(UUID128.random().hex.prefix(8))
            var made: [ServerRecord] = []
            var workflows: [WorkflowID] = []
            for index in 0..<count {
                var server = server(index, of: count, reservation, now)
                try table.insert(&server)
                try table.insert(files: files, of: server.id)
                var state = build
                state.serverID = server.id
                let workflow = WorkflowRecord(
                    kind: WorkflowKindName.build, server: server.id, context: context, data: state.encoded(), now: now)
                try WorkflowTable(connection).insert(workflow)
                made.append(server)
                workflows.append(workflow.id)
            }
            guard let first = made.first else { throw NovaError(.badRequest, "min_count must be at least 1") }
            return (first, workflows)
        }
    }

    private func server(_ index: Int64, of count: Int64, _ reservation: String, _ now: Timestamp) -> ServerRecord {
        var server = template
        server.id = .random()
        server.reservationID = reservation
        server.launchIndex = index
        if count > 1 {
            server.name = "\(template.name)-\(index + 1)"
            server.hostname = Hostname.from("\(template.hostname)-\(index + 1)")
        }
        server.taskState = .scheduling
        server.createdAt = Timestamp(microseconds: now.microseconds &+ index)
        server.updatedAt = now
        return server
    }

    /// The limits of one server: metadata and files.
    private func check(_ limits: QuotaLimits) throws {
        try limits.checkMetadata(template.metadata.count)
        guard limits.allows(Int64(files.count), of: .injectedFiles) else {
            throw NovaError(.overQuota, "Quota exceeded, too many files to inject")
        }
        for file in files {
            guard limits.allows(Int64(file.path.utf8.count), of: .injectedFilePathBytes) else {
                throw NovaError(.overQuota, "Personality file path exceeds maximum \(limits[.injectedFilePathBytes])")
            }
            guard limits.allows(Int64(file.contents.utf8.count / 4 * 3), of: .injectedFileContentBytes) else {
                throw NovaError(
                    .overQuota, "Personality file content exceeds maximum \(limits[.injectedFileContentBytes])")
            }
        }
    }

    /// Checks that the group is there and has room.
    private func joinGroup(_ count: Int64, _ limits: QuotaLimits, _ connection: Connection) throws {
        guard let id = template.serverGroupID else { return }
        let table = ServerGroupTable(connection)
        guard let group = try table.find(id), group.projectID == template.projectID else {
            throw NovaError(.badRequest, "Instance group \(id) could not be found.")
        }
        let members = Int64(try table.members(of: id).count { $0.userID == template.userID })
        guard limits.allows(members + count, of: .serverGroupMembers) else {
            throw NovaError(.overQuota, "Quota exceeded, too many servers in group")
        }
    }
}
