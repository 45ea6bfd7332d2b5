import DatabaseTestKit
import Glibc
import NovaCore
import NovaDatabase
import NovaTelemetry
import Testing

@Suite("How long changes wait")
struct LongestWriteTests {
    @Test(
        "The longest wait of all is kept and shown, also that of a change that failed.",
        arguments: DatabaseKind.available)
    func longest(kind: DatabaseKind) async throws {
        let database = try await kind.open(Scratch.schema)
        let registry = MetricsRegistry()
        database.report(to: registry, service: "test")
        #expect(database.statistics.longestWrite == .zero)
        _ = try? await database.write { _ in
            usleep(60_000)
            throw NovaError(.conflict, "no")
        }
        try await database.write { _ in }
        let longest = database.statistics.longestWrite
        #expect(longest >= .milliseconds(60) && longest < .seconds(20))
        let line = try #require(
            registry.render().split(separator: "\n").first { $0.hasPrefix("nova_database_longest_write_seconds{") })
        let shown = try #require(line.split(separator: " ").last.flatMap { Double($0) })
        #expect(shown >= 0.06)
        await database.close()
    }
}
