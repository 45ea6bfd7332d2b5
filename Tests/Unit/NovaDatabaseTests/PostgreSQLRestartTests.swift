import CommonTestKit
import DatabaseTestKit
import Foundation
import Logging
import NovaCore
import NovaDatabase
import NovaWire
import Testing

/// A PostgreSQL server of the test's own, stopped and removed when the test ends.
private final class OwnServer: Sendable {
    let folder = "/tmp/nova-pg-\(UUID128.random().description.prefix(8))"

    /// Runs the script; its output once it has ended, which holds no thread up.
    @discardableResult
    func run(_ action: String) async throws -> String {
        let output = "\(folder)/url"
        let process = process(action, output: output)
        let status = try await withCheckedThrowingContinuation { continuation in
            process.terminationHandler = { continuation.resume(returning: $0.terminationStatus) }
            do { try process.run() } catch { continuation.resume(throwing: error) }
        }
        guard status == 0 else { throw NovaError(.internal, "\(action) failed") }
        return try String(contentsOfFile: output, encoding: .utf8).trimmingCharacters(in: .whitespacesAndNewlines)
    }

    private func process(_ action: String, output: String) -> Process {
        let script = URL(filePath: #filePath).deletingLastPathComponent().appending(
            path: "../../../tools/tests/postgresql-server.sh")
        let process = Process()
        process.executableURL = script.standardizedFileURL
        process.arguments = [action, "\(folder)/pg"]
        _ = FileManager.default.createFile(atPath: output, contents: nil)
        process.standardOutput = FileHandle(forWritingAtPath: output)
        return process
    }

    /// Stops the server and removes its folder.
    func remove() async throws {
        try await run("stop")
        try FileManager.default.removeItem(atPath: folder)
    }

    init() throws {
        try FileManager.default.createDirectory(
            atPath: folder, withIntermediateDirectories: false, attributes: [.posixPermissions: 0o755])
    }
}

@Suite(.enabled(if: DatabaseKind.available.contains(.postgresql), "needs tools/tests/with-postgresql.sh"), .serialized)
struct PostgreSQLRestartTests {
    /// Each change that was confirmed is there, none twice; one whose answer was lost may be there or not.
    @Test(.timeLimit(.minutes(3)), arguments: ["stop", "crash"]) func writesGoOnAfterARestart(how: String) async throws
    {
        let server = try OwnServer()
        do {
            try await writeAcrossRestarts(server, how)
        } catch {
            try await server.remove()
            throw error
        }
        try await server.remove()
    }

    private func writeAcrossRestarts(_ server: OwnServer, _ how: String) async throws {
        let url = try await server.run("start")
        let schema = DatabaseSchema(name: "log", whole: "CREATE TABLE lines (id INTEGER PRIMARY KEY)")
        var target = PostgreSQLTarget(url: Secret(url), schema: "log")
        target.waitLimit = .seconds(30)
        // Opened while the server is down: it waits until it is back.
        try await server.run(how)
        async let back = server.run("start")
        let database = try await DatabaseKind.open(.postgresql(target), schema)
        _ = try await back
        let writer = Task {
            var (confirmed, unknown) = (Set<Int64>(), Set<Int64>())
            var next: Int64 = 0
            while !Task.isCancelled {
                next += 1
                let id = next
                let done = Task {
                    try await database.write { try $0.execute("INSERT INTO lines VALUES (?)", [.integer(id)]) }
                }
                switch await done.result {
                case .success: confirmed.insert(id)
                case .failure(let error):
                    #expect(NovaError(error).code == .unavailable)
                    unknown.insert(id)
                }
            }
            return (confirmed, unknown)
        }
        func count() async throws -> Int64 {
            try await database.read { try $0.row("SELECT count(*) FROM lines") { try $0.int(0) } ?? 0 }
        }
        try await until("50 lines") { try await count() >= 50 }
        for _ in 0..<2 {
            try await server.run(how)
            try await server.run("start")
            let before = try await count()
            try await until("50 more") { try await count() >= before + 50 }
        }
        writer.cancel()
        let (confirmed, unknown) = await writer.value
        let found = Set(try await database.read { try $0.rows("SELECT id FROM lines") { try $0.int(0) } })
        #expect(confirmed.subtracting(found).isEmpty)
        #expect(found.subtracting(confirmed).isSubset(of: unknown))
        #expect(unknown.count <= 2)
        #expect(database.statistics.reconnects >= 2)
        await database.close()
    }
}
