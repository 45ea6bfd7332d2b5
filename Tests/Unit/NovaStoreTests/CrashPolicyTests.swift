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

/// What a conductor does with a workflow that another one had begun.
@Suite("Crash policy")
struct CrashPolicyTests {
    /// How the one that had begun it left it.
    enum Departure { case died, gaveBack }

    /// Runs a workflow of two steps whose first was done and whose second had begun when its conductor left.
    ///
    /// - Returns: its row, its journal and what its steps did.
    private func takeOver(
        _ policy: CrashPolicy, after departure: Departure, mustFinish: Bool = false, _ kind: DatabaseKind
    ) async throws -> (record: WorkflowRecord, journal: [WorkflowStepRecord], trace: [String]) {
        let database = try await TestDatabase.make(kind)
        let trace = Mutex<[String]>([])
        let note = { @Sendable (line: String) in trace.withLock { $0.append(line) } }
        let settled: @Sendable (Connection, inout DeleteState) -> Void = { _, _ in note("settled") }
        let workflow = Workflow<DeleteState>(
            "test",
            steps: ["one", "two"].map { name in
                .init(name, run: { _, _ in note("run \(name)") }, undo: { _, _ in note("undo \(name)") })
            }, deadline: .seconds(60), afterCrash: policy, succeeded: { _, _, _ in note("succeeded") },
            failed: { _, _, _, error in note("failed \(error.code)") },
            settled: mustFinish ? settled : nil)
        var begun = WorkflowRecord(
            kind: "test", server: .random(), context: .system(), data: DeleteState().encoded())
        begun.step = 1
        var line = WorkflowStepRecord()
        (line.workflowID, line.position, line.name) = (begun.id, 1, "two")
        try await database.write { [begun, line] connection in
            let table = WorkflowTable(connection)
            try table.insert(begun)
            _ = try table.lease(begun.id, owner: "old", for: .seconds(-1))
            try table.journal(line)
            if departure == .gaveBack { try table.releaseLeases(of: "old") }
        }
        let runner = WorkflowRunner(database: database, owner: "new", slots: 4, log: Logger(label: "test"))
        runner.register(workflow)
        let running = Task { try await runner.run() }
        runner.offer(begun.id)
        try await until("the workflow's end") {
            begun = try await database.read { [begun] in try WorkflowTable($0).find(begun.id) } ?? begun
            return begun.finishedAt != nil
        }
        running.cancel()
        try await running.value
        let journal = try await database.read { [begun] in try WorkflowTable($0).journal(of: begun.id) }
        await database.close()
        return (begun, journal, trace.withLock { $0 })
    }

    @Test("By default a workflow whose conductor died goes on.", arguments: DatabaseKind.available)
    func goesOn(kind: DatabaseKind) async throws {
        let result = try await takeOver(.goOn, after: .died, kind)
        #expect(result.record.state == .succeeded)
        #expect(result.trace == ["run two", "succeeded"])
    }

    @Test(
        "One that is to be undone fails at once, and is undone from the step that had begun.",
        arguments: DatabaseKind.available)
    func isUndone(kind: DatabaseKind) async throws {
        let result = try await takeOver(.undo, after: .died, kind)
        #expect(result.record.state == .failed && result.record.error?.novaError.code == .workerLost)
        #expect(result.trace == ["failed workerLost", "undo two", "undo one"])
        #expect(result.journal.first { $0.name == "two" }?.error?.contains("was lost") == true)
    }

    @Test("One that was given back in good order goes on whatever its policy.", arguments: DatabaseKind.available)
    func wasGivenBack(kind: DatabaseKind) async throws {
        let result = try await takeOver(.undo, after: .gaveBack, kind)
        #expect(result.trace == ["run two", "succeeded"])
    }

    @Test("One that must finish goes on whatever its policy.", arguments: DatabaseKind.available)
    func mustFinish(kind: DatabaseKind) async throws {
        let result = try await takeOver(.undo, after: .died, mustFinish: true, kind)
        #expect(result.trace == ["run two", "succeeded"])
    }
}
