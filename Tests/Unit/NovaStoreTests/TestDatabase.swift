import Logging
import NovaCore
import NovaDatabase
import NovaModel
import NovaStore

enum TestDatabase {
    static func make() throws -> Database {
        try Database(path: ":memory:", schema: NovaDatabaseSchema.schema, log: Logger(label: "test"))
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
