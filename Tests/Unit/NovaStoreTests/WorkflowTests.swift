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

/// What the steps of the test workflow did, in order.
private final class Trace: Sendable {
    private let lines = Mutex<[String]>([])
    func add(_ line: String) { lines.withLock { $0.append(line) } }
    var all: [String] { lines.withLock { $0 } }
    func count(_ line: String) -> Int { all.count { $0 == line } }
}

@Suite("Workflows")
struct WorkflowTests {
    /// Three steps; `fail` says what a step throws at an attempt.
    private func workflow(
        _ trace: Trace, mustFinishFrom: String? = nil,
        fail: @escaping @Sendable (String, Int) -> NovaError? = { _, _ in nil },
        response: FailureResponse = .undo
    ) -> Workflow<DeleteState> {
        Workflow(
            "test",
            steps: ["one", "two", "three"].map { name in
                .init(
                    name,
                    run: { _, _ in
                        trace.add("run \(name)")
                        if let error = fail(name, trace.count("run \(name)")) { throw error }
                    }, undo: { _, _ in trace.add("undo \(name)") }, onFailure: { _, _ in response })
            }, deadline: .seconds(60), mustFinishFrom: mustFinishFrom,
            succeeded: { _, _, _ in trace.add("succeeded") },
            failed: { _, _, _, error in trace.add("failed \(error.code)") },
            settled: mustFinishFrom == nil ? nil : { @Sendable _, _ in trace.add("settled") },
            stranded: { _, _ in trace.add("stranded") })
    }

    @Test("from a step on there is no way back: before it a workflow is undone, from there on it is finished")
    func pointOfNoReturn() async throws {
        let late = Trace()
        let (record, _) = try await run(
            workflow(late, mustFinishFrom: "two") { name, attempt in
                name == "two" && attempt < 3 ? NovaError(.badRequest, "no") : nil
            }, .sqlite)
        #expect(record.state == .succeeded)
        #expect(late.all == ["run one", "run two", "run two", "run two", "run three", "succeeded"])
        let early = Trace()
        let (failed, _) = try await run(
            workflow(early, mustFinishFrom: "two") { name, _ in name == "one" ? NovaError(.badRequest, "no") : nil },
            .sqlite)
        #expect(failed.state == .failed)
        #expect(early.all == ["run one", "failed \(NovaError.Code.badRequest)", "undo one"])
    }

    /// Runs a workflow to its end and returns its row.
    private func run(_ workflow: Workflow<DeleteState>, _ kind: DatabaseKind) async throws -> (
        WorkflowRecord, [WorkflowStepRecord]
    ) {
        let database = try await TestDatabase.make(kind)
        let record = WorkflowRecord(
            kind: "test", server: .random(), context: .system(), data: DeleteState().encoded(), now: .now())
        try await database.write { try WorkflowTable($0).insert(record) }
        let runner = WorkflowRunner(database: database, owner: "test", slots: 4, log: Logger(label: "test"))
        runner.register(workflow)
        let running = Task { try await runner.run() }
        runner.offer(record.id)
        var found = record
        try await until("the workflow's end") {
            found = try await database.read { try WorkflowTable($0).find(record.id) } ?? record
            return found.finishedAt != nil
        }
        running.cancel()
        try await running.value
        let journal = try await database.read { try WorkflowTable($0).journal(of: record.id) }
        await database.close()
        return (found, journal)
    }

    @Test("Steps run in order and the journal tells of each.", arguments: DatabaseKind.available)
    func success(kind: DatabaseKind) async throws {
        let trace = Trace()
        let (record, journal) = try await run(workflow(trace), kind)
        #expect(record.state == .succeeded)
        #expect(trace.all == ["run one", "run two", "run three", "succeeded"])
        #expect(journal.map(\.name) == ["one", "two", "three"])
        #expect(journal.allSatisfy { $0.state == .done && $0.finishedAt != nil })
    }

    @Test("A failure for good undoes this step and all before it, in reverse.", arguments: DatabaseKind.available)
    func undo(kind: DatabaseKind) async throws {
        let trace = Trace()
        let (record, _) = try await run(
            workflow(trace, fail: { name, _ in name == "two" ? NovaError(.hypervisor, "broken") : nil }), kind)
        #expect(record.state == .failed)
        #expect(record.error?.novaError.code == .hypervisor)
        #expect(trace.all == ["run one", "run two", "failed hypervisor", "undo two", "undo one"])
    }

    @Test("A failure that may pass is tried again.", arguments: DatabaseKind.available)
    func retry(kind: DatabaseKind) async throws {
        let trace = Trace()
        let (record, _) = try await run(
            workflow(
                trace, fail: { name, attempt in name == "two" && attempt < 3 ? NovaError(.noConsumer, "away") : nil }),
            kind)
        #expect(record.state == .succeeded)
        #expect(trace.count("run two") == 3)
        #expect(!trace.all.contains("undo two"))
    }

    @Test("A restart undoes everything and goes forward again.", arguments: DatabaseKind.available)
    func restart(kind: DatabaseKind) async throws {
        let trace = Trace()
        let (record, _) = try await run(
            workflow(
                trace,
                fail: { name, attempt in name == "three" && attempt == 1 ? NovaError(.hypervisor, "full") : nil },
                response: .restart), kind)
        #expect(record.state == .succeeded)
        #expect(
            trace.all == [
                "run one", "run two", "run three", "undo three", "undo two", "undo one", "run one", "run two",
                "run three",
                "succeeded",
            ])
    }

    @Test("An owner that lost its lease can write nothing.", arguments: DatabaseKind.available)
    func fencing(kind: DatabaseKind) async throws {
        let database = try await TestDatabase.make(kind)
        let record = WorkflowRecord(
            kind: "test", server: .random(), context: .system(), data: DeleteState().encoded(), now: .now())
        try await database.write { try WorkflowTable($0).insert(record) }
        let old = try await database.write { try WorkflowTable($0).lease(record.id, owner: "a", for: .seconds(-1)) }
        let new = try await database.write { try WorkflowTable($0).lease(record.id, owner: "b", for: .seconds(60)) }
        #expect(new?.record.owner == "b" && new?.lostOwner == "a" && old?.lostOwner == nil)
        #expect(try await database.read { try WorkflowTable($0).find(record.id) } == new?.record)
        let stale = try #require(old?.record)
        await #expect(throws: NovaError.self) { try await database.write { try WorkflowTable($0).save(stale) } }
        await database.close()
    }

    @Test(
        "A step whose conductor has lost the lease is ended, and its end changes nothing.",
        arguments: DatabaseKind.available)
    func lostLease(kind: DatabaseKind) async throws {
        let database = try await TestDatabase.make(kind)
        let record = WorkflowRecord(
            kind: "test", server: .random(), context: .system(), data: DeleteState().encoded())
        try await database.write { try WorkflowTable($0).insert(record) }
        let trace = Trace()
        let endless = Workflow<DeleteState>(
            "test",
            steps: [
                .init(
                    "wait",
                    run: { _, _ in
                        trace.add("begun")
                        do { try await Task.sleep(for: .seconds(3600)) } catch { trace.add("ended") }
                        // A step that does not hear of its end, and says that all went well.
                    })
            ], deadline: .seconds(60), succeeded: { _, _, _ in trace.add("succeeded") }, failed: { _, _, _, _ in })
        var times = WorkflowTimes()
        times.lease = .milliseconds(300)
        let runner = WorkflowRunner(
            database: database, owner: "old", slots: 4, times: times, log: Logger(label: "test"))
        runner.register(endless)
        let running = Task { try await runner.run() }
        try await until("the step has begun") { trace.count("begun") > 0 }
        // Another conductor takes it, as it may once a lease is over, and keeps it.
        try await database.write { connection in
            try connection.execute(
                "UPDATE workflows SET owner = 'new', epoch = epoch + 1, lease_expires_at = ?",
                [try connection.now().adding(seconds: 3600).column])
        }
        try await until("the step has ended") { trace.count("ended") > 0 }
        running.cancel()
        try await running.value
        let found = try await database.read { try WorkflowTable($0).find(record.id) }
        #expect(found?.owner == "new" && found?.finishedAt == nil && found?.state == .running)
        #expect(trace.count("succeeded") == 0 && trace.count("ended") == 1)
        await database.close()
    }

    @Test(
        "A workflow accepted later is younger, whatever the clock of the one who accepts it.",
        arguments: DatabaseKind.available)
    func ages(kind: DatabaseKind) async throws {
        let database = try await TestDatabase.make(kind)
        let server = ServerID.random()
        let ahead = WorkflowRecord(
            kind: "test", server: server, context: .system(), data: [], now: Timestamp.now().adding(seconds: 300))
        let behind = WorkflowRecord(
            kind: "test", server: server, context: .system(), data: [], now: Timestamp.now().adding(seconds: -300))
        let order = try await database.write { connection in
            let table = WorkflowTable(connection)
            try table.insert(ahead)
            try table.insert(behind)
            return try table.list(server: server, openOnly: true, limit: 10).map(\.id)
        }
        #expect(order == [behind.id, ahead.id])
        await database.close()
    }

    @Test("One whose step cannot begin is put off, and keeps none of the others.", arguments: DatabaseKind.available)
    func beginningFails(kind: DatabaseKind) async throws {
        let database = try await TestDatabase.make(kind)
        let trace = Trace()
        let broken = Workflow<DeleteState>(
            "broken",
            steps: [
                .init(
                    "one",
                    begin: { _, _ in
                        trace.add("begin")
                        if trace.count("begin") < 3 { throw NovaError(.internal, "a damaged row") }
                    }, run: { _, _ in trace.add("broken runs") })
            ], deadline: .seconds(60), succeeded: { _, _, _ in }, failed: { _, _, _, _ in })
        let records = ["broken", "test", "test"].map {
            WorkflowRecord(kind: $0, server: .random(), context: .system(), data: DeleteState().encoded())
        }
        try await database.write { connection in
            for record in records { try WorkflowTable(connection).insert(record) }
        }
        var times = WorkflowTimes()
        times.pause = .milliseconds(20)
        times.scan = .milliseconds(20)
        let runner = WorkflowRunner(
            database: database, owner: "test", slots: 4, times: times, log: Logger(label: "test"))
        runner.register(broken)
        runner.register(workflow(trace))
        let running = Task { try await runner.run() }
        for record in records { runner.offer(record.id) }
        try await until("the workflows' ends") {
            try await database.read { connection in
                try records.allSatisfy { try WorkflowTable(connection).find($0.id)?.finishedAt != nil }
            }
        }
        running.cancel()
        try await running.value
        #expect(trace.count("succeeded") == 2)
        #expect(trace.count("broken runs") == 1)
        await database.close()
    }

    @Test("A younger workflow of a server waits for the older one.", arguments: DatabaseKind.available)
    func oneAtATime(kind: DatabaseKind) async throws {
        let database = try await TestDatabase.make(kind)
        let server = ServerID.random()
        let older = WorkflowRecord(
            kind: "test", server: server, context: .system(), data: [])
        let younger = WorkflowRecord(
            kind: "test", server: server, context: .system(), data: [], now: Timestamp(microseconds: 1))
        let takeable = try await database.write { connection in
            let table = WorkflowTable(connection)
            try table.insert(older)
            try table.insert(younger)
            return try table.takeable(limit: 10, owedLimit: 10)
        }
        #expect(takeable == [older.id])
        await database.close()
    }
}
