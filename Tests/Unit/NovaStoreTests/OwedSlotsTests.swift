import CommonTestKit
import DatabaseTestKit
import Logging
import NovaCore
import NovaDatabase
import NovaModel
import NovaStore
import NovaWire
import NovaWorkflow
import Synchronization
import Testing

@Suite("Owed cleanups and other work", .timeLimit(.minutes(2)))
struct OwedSlotsTests {
    /// What hangs: as a call to a host that does not answer.
    private final class Host: Sendable {
        private struct State {
            var waiting: [CheckedContinuation<Void, Never>] = []
            var isBack = false
            var most = 0
        }
        private let state = Mutex(State())

        var most: Int { state.withLock { $0.most } }

        func answer() async {
            await withCheckedContinuation { continuation in
                let isBack = state.withLock { state in
                    if !state.isBack { state.waiting.append(continuation) }
                    state.most = max(state.most, state.waiting.count)
                    return state.isBack
                }
                if isBack { continuation.resume() }
            }
        }

        func comeBack() {
            let waiting = state.withLock { state in
                state.isBack = true
                defer { state.waiting = [] }
                return state.waiting
            }
            for continuation in waiting { continuation.resume() }
        }
    }

    private func add(_ kind: String, _ count: Int, owed: Bool, to database: Database) async throws -> [WorkflowID] {
        try await database.write { connection in
            try (0..<count).map { _ in
                var record = WorkflowRecord(
                    kind: kind, server: .random(), context: .system(), data: DeleteState().encoded())
                if owed {
                    record.state = .owed
                    record.error = WorkflowError(NovaError(.unavailable, "the host was away"))
                    record.owedHost = "h1"
                }
                try WorkflowTable(connection).insert(record)
                return record.id
            }
        }
    }

    private func open(_ kind: String, _ database: Database) async throws -> Int64 {
        try await database.read { connection in
            try connection.row(
                "SELECT count(*) FROM workflows WHERE kind = ? AND finished_at IS NULL", [.text(kind)]
            ) { try $0.int(0) } ?? -1
        }
    }

    /// Waits until no workflow of a kind is open.
    private func end(of kind: String, _ database: Database) async throws {
        try await until("the end of all \(kind)") { try await open(kind, database) == 0 }
    }

    @Test(
        "Cleanups that hang leave room for other workflows, whether somebody offers them or they are found.",
        arguments: [false, true], DatabaseKind.available)
    func room(offered: Bool, kind: DatabaseKind) async throws {
        let database = try await TestDatabase.make(kind)
        let host = Host()
        var times = WorkflowTimes()
        times.scan = .milliseconds(20)
        let runner = WorkflowRunner(
            database: database, owner: "test", slots: 8, times: times,
            log: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        runner.register(
            Workflow<DeleteState>(
                "cleanup", steps: [.init("destroy", run: { _, _ in }, undo: { _, _ in await host.answer() })],
                deadline: .seconds(60), succeeded: { _, _, _ in }, failed: { _, _, _, _ in }))
        runner.register(
            Workflow<DeleteState>(
                "work", steps: [.init("one", run: { _, _ in })], deadline: .seconds(60),
                succeeded: { _, _, _ in }, failed: { _, _, _, _ in }))
        let owed = try await add("cleanup", 40, owed: true, to: database)
        if offered { for id in owed { runner.offer(id) } }
        let running = Task { try await runner.run() }
        // As many as may: all others wait, and would fill the slots if they could.
        try await until("two at the host") { host.most >= 2 }
        if offered { for id in owed { runner.offer(id) } }
        for id in try await add("work", 20, owed: false, to: database) where offered { runner.offer(id) }
        try await end(of: "work", database)
        #expect(host.most == 2)
        #expect(try await open("cleanup", database) == 40)
        host.comeBack()
        try await end(of: "cleanup", database)
        running.cancel()
        try await running.value
        await database.close()
    }
}
