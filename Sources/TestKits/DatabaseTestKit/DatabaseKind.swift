import Foundation
import Logging
public import NovaCore
public import NovaDatabase

/// The kinds of database that a test runs on: `@Test(arguments: DatabaseKind.available)`.
public enum DatabaseKind: String, Sendable, CaseIterable {
    case sqlite
    /// On the server of `NOVA_TEST_POSTGRESQL`, a URL; `tools/tests/with-postgresql.sh` starts one.
    case postgresql

    /// Those that this run has.
    public static let available: [DatabaseKind] = server == nil ? [.sqlite] : [.sqlite, .postgresql]

    private static let server: String? = getenv("NOVA_TEST_POSTGRESQL").map { String(cString: $0) }

    /// A fresh database: in memory, or a schema of its own on the server.
    public func open(_ schema: DatabaseSchema) async throws -> Database {
        switch self {
        case .sqlite: try await Self.open(.sqlite(path: ":memory:"), schema)
        case .postgresql: try await Self.open(.postgresql(try Self.target()), schema)
        }
    }

    /// Opens a database on a thread of its own: connecting blocks, and tests share few threads.
    public static func open(_ address: DatabaseAddress, _ schema: DatabaseSchema) async throws -> Database {
        try await withCheckedThrowingContinuation { continuation in
            Thread.detachNewThread {
                continuation.resume(
                    with: Result {
                        let log = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
                        return try Database(address, schema: schema, log: log)
                    })
            }
        }
    }

    /// A schema that nobody else has.
    public static func target(poolSize: Int = 3) throws -> PostgreSQLTarget {
        guard let server else {
            throw NovaError(
                .unavailable, "NOVA_TEST_POSTGRESQL is not set: run tools/tests/with-postgresql.sh COMMAND.")
        }
        let name = "test_" + Hex.encode((0..<8).map { _ in UInt8.random(in: 0...255) })
        return PostgreSQLTarget(url: Secret(server), schema: name, poolSize: poolSize)
    }
}
