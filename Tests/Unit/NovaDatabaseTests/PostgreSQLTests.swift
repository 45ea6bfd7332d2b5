import CommonTestKit
import DatabaseTestKit
import Glibc
import Logging
import NovaCore
import NovaDatabase
import NovaWire
import Synchronization
import Testing

/// A point that one closure waits at until another has done something.
private final class Meeting: Sendable {
    let runs = Atomic(0)
    let isThere = Atomic(false)
    let mayGo = Atomic(false)

    /// Run in a closure: waits in its first run only.
    func wait() {
        guard runs.add(1, ordering: .acquiringAndReleasing).newValue == 1 else { return }
        isThere.store(true, ordering: .releasing)
        while !mayGo.load(ordering: .acquiring) { usleep(200) }
    }

    func arrived() async throws { try await until("the other closure") { isThere.load(ordering: .acquiring) } }
    func go() { mayGo.store(true, ordering: .releasing) }
}

@Suite(
    .enabled(if: DatabaseKind.available.contains(.postgresql), "needs tools/tests/with-postgresql.sh"),
    .timeLimit(.minutes(2)))
struct PostgreSQLTests {
    private static func schema(takingTurns: Bool = false) -> DatabaseSchema {
        DatabaseSchema(
            name: "counters",
            whole: """
                CREATE TABLE counters (id INTEGER PRIMARY KEY, value INTEGER NOT NULL);
                INSERT INTO counters VALUES (1, 0);
                """, writersTakeTurns: takingTurns)
    }

    private func open(_ target: PostgreSQLTarget, takingTurns: Bool = false) async throws -> Database {
        try await DatabaseKind.open(.postgresql(target), Self.schema(takingTurns: takingTurns))
    }

    @discardableResult
    private static func increment(_ connection: Connection, _ between: () -> Void = {}) throws -> Int64 {
        let value = try connection.row("SELECT value FROM counters WHERE id = 1") { try $0.int(0) } ?? -1
        between()
        try connection.execute("UPDATE counters SET value = ? WHERE id = 1", [.integer(value + 1)])
        return value + 1
    }

    private func value(_ database: Database) async throws -> Int64? {
        try await database.read { try $0.row("SELECT value FROM counters WHERE id = 1") { try $0.int(0) } }
    }

    @Test func aChangeThatMeetsAnotherIsMadeAgain() async throws {
        let target = try DatabaseKind.target()
        let (first, second) = (try await open(target), try await open(target))
        let meeting = Meeting()
        async let late = first.write { connection in try Self.increment(connection) { meeting.wait() } }
        try await meeting.arrived()
        #expect(try await second.write { try Self.increment($0) } == 1)
        meeting.go()
        #expect(try await late == 2)
        #expect(meeting.runs.load(ordering: .acquiring) == 2)
        #expect(first.statistics.retries == 1)
        #expect(try await value(second) == 2)
        await first.close()
        await second.close()
    }

    @Test func aKeyThatAnotherTookMeanwhileIsNoConflict() async throws {
        let target = try DatabaseKind.target()
        let (first, second) = (try await open(target), try await open(target))
        let meeting = Meeting()
        @Sendable func addNext(_ connection: Connection, _ between: () -> Void) throws -> Int64 {
            let next = try connection.row("SELECT max(id) + 1 FROM counters") { try $0.int(0) } ?? 0
            between()
            try connection.execute("INSERT INTO counters VALUES (?, 0)", [.integer(next)])
            return next
        }
        async let late = first.write { connection in try addNext(connection) { meeting.wait() } }
        try await meeting.arrived()
        #expect(try await second.write { connection in try addNext(connection) {} } == 2)
        meeting.go()
        #expect(try await late == 3)
        let taken = await #expect(throws: NovaError.self) {
            try await first.write { try $0.execute("INSERT INTO counters VALUES (1, 0)") }
        }
        #expect(taken?.code == .conflict)
        await first.close()
        await second.close()
    }

    @Test(arguments: [false, true]) func parallelChangesAllCount(takingTurns: Bool) async throws {
        let target = try DatabaseKind.target()
        var databases: [Database] = []
        for _ in 0..<4 { databases.append(try await open(target, takingTurns: takingTurns)) }
        try await withThrowingTaskGroup(of: Void.self) { group in
            for index in 0..<400 {
                let database = databases[index % databases.count]
                group.addTask { _ = try await database.write { try Self.increment($0) } }
            }
            try await group.waitForAll()
        }
        #expect(try await value(databases[0]) == 400)
        if takingTurns { #expect(databases.allSatisfy { $0.statistics.retries == 0 }) }
        for database in databases { await database.close() }
    }

    @Test func whoWaitsTooLongForAConnectionIsTold() async throws {
        var target = try DatabaseKind.target(poolSize: 2)
        target.waitLimit = .milliseconds(300)
        let database = try await open(target)
        let meeting = Meeting()
        async let held: Int = database.read { _ in
            meeting.wait()
            return 1
        }
        try await meeting.arrived()
        let start = ContinuousClock.now
        let error = await #expect(throws: NovaError.self) { try await database.read { _ in 2 } }
        #expect(error?.code == .unavailable)
        #expect(ContinuousClock.now - start < .seconds(5))
        meeting.go()
        #expect(try await held == 1)
        #expect(try await value(database) == 0)
        await database.close()
    }

    @Test func aStatementThatTakesTooLongIsStopped() async throws {
        var target = try DatabaseKind.target()
        target.statementLimit = .milliseconds(200)
        let database = try await open(target)
        let error = await #expect(throws: NovaError.self) {
            _ = try await database.read { try $0.row("SELECT pg_sleep(30)") { _ in 1 } }
        }
        #expect(error?.code == .unavailable)
        #expect(error?.message == "The database did not answer in time.")
        #expect(try await value(database) == 0)
        await database.close()
    }

    @Test func aConnectionThatBreaksBeforeTheCommitCostsNothing() async throws {
        let target = try DatabaseKind.target()
        let (database, killer) = (try await open(target), try await open(target))
        @Sendable func pid(_ connection: Connection) throws -> Int64 {
            try connection.row("SELECT pg_backend_pid()") { try $0.int(0) } ?? 0
        }
        for isWrite in [true, false] {
            let meeting = Meeting()
            let victim = Mutex<Int64>(0)
            let body: @Sendable (Connection) throws -> Void = { connection in
                if isWrite { try Self.increment(connection) }
                let own = try pid(connection)
                victim.withLock { $0 = own }
                meeting.wait()
                if isWrite { try Self.increment(connection) } else { _ = try pid(connection) }
            }
            async let done: Void = isWrite ? database.write(body) : database.read(body)
            try await meeting.arrived()
            let lost = victim.withLock { $0 }
            try await killer.write { connection in
                _ = try connection.row("SELECT pg_terminate_backend(CAST(?1 AS INTEGER), 5000)", [.integer(lost)]) {
                    $0.value(0)
                }
            }
            meeting.go()
            try await done
            #expect(meeting.runs.load(ordering: .acquiring) == 2)
        }
        #expect(try await value(database) == 2)
        #expect(database.statistics.reconnects == 2)
        await database.close()
        await killer.close()
    }

    @Test func aClosureThatGoesOnAfterAFailureIsUndone() async throws {
        let database = try await open(try DatabaseKind.target())
        let error = await #expect(throws: NovaError.self) {
            try await database.write { connection in
                try Self.increment(connection)
                _ = try? connection.execute("INSERT INTO counters VALUES (1, 0)")
            }
        }
        #expect(error?.code == .internal || error?.code == .conflict)
        #expect(try await value(database) == 0)
        await database.close()
    }

    @Test(arguments: [
        "postgresql://nova:s3%zzcret@/nova", "postgresql://nova:s3cret@127.0.0.1:1/nova",
        "postgresql://nova:s3cret@/nova?nonsense=1",
    ])
    func aWrongURLTellsNoPassword(url: String) async throws {
        let target = PostgreSQLTarget(url: Secret(url), schema: "x", waitLimit: .milliseconds(100))
        let error = await #expect(throws: NovaError.self) { _ = try await open(target) }
        #expect(error?.code == .unavailable)
        #expect(error?.description.contains("s3") == false)
        #expect(error?.details.contains("postgresql://") == true)
    }

    @Test func anotherServicesSchemaIsRefused() async throws {
        let target = try DatabaseKind.target()
        await (try await open(target)).close()
        let error = #expect(throws: NovaError.self) {
            _ = try Database(.postgresql(target), schema: Scratch.schema, log: Logger(label: "test"))
        }
        #expect(error?.message.contains("another program or service") == true)
    }

    @Test func migrationsRunWhileOthersWork() async throws {
        let target = try DatabaseKind.target()
        let old = try await open(target)
        let steps = [
            Migration(number: 1, name: "first", sql: "CREATE TABLE counters (id INTEGER PRIMARY KEY, value INTEGER)"),
            Migration(number: 2, name: "note", sql: "ALTER TABLE counters ADD COLUMN note TEXT"),
        ]
        let schema = DatabaseSchema(name: "counters", whole: "", migrations: steps)
        // Two processes start at once: one migrates, the other finds it done.
        try await withThrowingTaskGroup(of: Database.self) { group in
            for _ in 0..<2 {
                group.addTask {
                    try Database(
                        .postgresql(target), schema: schema, log: Logger(label: "t") { _ in SwiftLogNoOpLogHandler() })
                }
            }
            for try await database in group { await database.close() }
        }
        #expect(try await old.write { try Self.increment($0) } == 1)
        let notes = try await old.read { try $0.rows("SELECT note FROM counters") { try $0.optionalText(0) } }
        #expect(notes == [nil])
        await old.close()
    }
}
