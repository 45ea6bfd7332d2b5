import DatabaseTestKit
import NovaCore
import NovaDatabase
import NovaModel
import NovaStore

enum TestDatabase {
    static func make(_ kind: DatabaseKind = .sqlite) async throws -> Database {
        try await kind.open(NovaDatabaseSchema.schema)
    }

    /// A server as nova-api accepts it.
    static func server(project: String = "p1") -> ServerRecord {
        var server = ServerRecord()
        server.id = .random()
        server.projectID = ProjectID(project)
        server.name = "one"
        server.flavor.vcpus = 2
        server.flavor.memoryMB = 512
        server.createdAt = .now()
        return server
    }
}
