import NovaCore
import NovaDatabase
import NovaModel
import NovaSchema
import NovaStore

/// What is used of quotas, and what a request says of them.
enum QuotaUsage {
    /// What a project, or one user in it, uses now; what no project uses up is not counted.
    static func count(
        of project: ProjectID, user: UserID?, _ connection: Connection
    ) throws -> [QuotaResource: Int64] {
        let servers = ServerTable(connection)
        let usage = try user.map { try servers.usage(of: project, user: $0) } ?? servers.usage(of: project)
        return [
            .instances: usage.servers, .cores: usage.cores, .ram: usage.memoryMB,
            .serverGroups: try ServerGroupTable(connection).count(of: project),
        ]
    }

    /// The limits that a body names.
    static func limits(_ body: JSONObject) throws -> [String: Int64] {
        var limits: [String: Int64] = [:]
        for (name, value) in body where name != "force" {
            guard let limit = value.lenientInteger else {
                throw NovaError(.badRequest, "Quota limit for \(name) is no number.")
            }
            limits[name] = limit
        }
        return limits
    }
}
