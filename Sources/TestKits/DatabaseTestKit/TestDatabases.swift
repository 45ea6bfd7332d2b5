import Foundation
public import NovaCore

/// Where the services of a test's cloud keep their databases: a folder, or a database of its own on the server.
public struct TestDatabases: Sendable {
    /// As `[database] connection` says it.
    public let connection: String
    /// The name of the server's database; nil for a folder.
    private let name: String?

    /// Makes the database on the server; a folder is the caller's.
    public init(_ kind: DatabaseKind, folder: String) async throws {
        switch kind {
        case .sqlite:
            connection = "sqlite:///\(folder)"
            name = nil
        case .postgresql:
            let name = "cloud_" + Hex.encode((0..<8).map { _ in UInt8.random(in: 0...255) })
            let server = try DatabaseKind.target().url.reveal()
            guard var url = URLComponents(string: server) else {
                throw NovaError(.badRequest, "NOVA_TEST_POSTGRESQL is no URL: \(server)")
            }
            try await Self.tell(server, "CREATE DATABASE \(name)")
            url.path = "/\(name)"
            connection = url.string ?? server
            self.name = name
        }
    }

    /// Where a service's database is.
    public func address(_ service: String) -> DatabaseAddress {
        DatabaseAddress(connection: connection, folder: "", name: service, poolSize: 2)
    }

    /// Removes the server's database, whoever is still connected.
    public func remove() async {
        guard let name, let server = try? DatabaseKind.target().url.reveal() else { return }
        do {
            try await Self.tell(server, "DROP DATABASE \(name) WITH (FORCE)")
        } catch {
            print("the database \(name) of a test was not removed: \(error)")
        }
    }

    /// Has `psql` carry out a statement that no transaction may hold, on a thread of its own.
    private static func tell(_ server: String, _ statement: String) async throws {
        let status: Int32 = try await withCheckedThrowingContinuation { continuation in
            Thread.detachNewThread {
                continuation.resume(
                    with: Result {
                        let process = Process()
                        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
                        process.arguments = ["psql", "-qX", "-d", server, "-c", statement]
                        try process.run()
                        process.waitUntilExit()
                        return process.terminationStatus
                    })
            }
        }
        guard status == 0 else { throw NovaError(.internal, "psql ended with \(status): \(statement)") }
    }
}
