import CPostgreSQL
import Glibc
import NovaCore
import NovaWire

/// One open connection to a PostgreSQL server with its prepared statements.
///
/// It stays in pipeline mode: what begins a transaction travels together with its first statement, what ends one member of a
/// group with the first statement of the next, and a posted statement with the one after it. For most statements the way to
/// the server and back costs more than what they do.
final class PostgreSQLSession: Session {
    /// The most statements kept prepared; the least recently used goes first.
    static let cacheLimit = 256

    private final class Prepared {
        let name: String
        let text: String
        let parameters: Int
        var lastUse: UInt64 = 0

        init(name: String, text: String, parameters: Int) {
            self.name = name
            self.text = text
            self.parameters = parameters
        }
    }

    /// What waits to be sent.
    private enum Pending {
        case command(PostgreSQLCommand)
        case preparation(Prepared, sql: String)
        case statement(Prepared, [ColumnValue], sql: String)
        /// What will be asked for: its answer is kept.
        case question(Prepared, Question)

        /// What a closure asked for; nil for what divides transactions.
        var sql: String? {
            switch self {
            case .command: nil
            case .preparation(_, let sql), .statement(_, _, let sql): sql
            case .question(_, let question): question.sql
            }
        }

        var isStatement: Bool {
            if case .statement = self { true } else { false }
        }
        var isQuestion: Bool {
            if case .question = self { true } else { false }
        }
    }
    private struct Question: Hashable {
        let sql: String
        let values: [ColumnValue]
    }
    /// The most that waits.
    private static let pendingLimit = 64

    let wire: PostgreSQLWire
    let target: PostgreSQLTarget
    /// Whether it is a reader's: its transactions are READ ONLY, and the server refuses what writes.
    var isReadOnly = false
    /// What goes before the next statement, in one go.
    private var pending: [Pending] = []
    /// What is expected to be asked for, with the answer once it is there.
    private var expected: [Question: PostgreSQLResult?] = [:]
    /// Prepared statements that are needed no longer: the server is told with the next command.
    private var dropped: [String] = []
    /// The first failure of a statement since somebody cleared it: what follows only says that the transaction is over.
    var failure: PostgreSQLFailure?
    /// Why a pending command failed: not the fault of the closure whose statement it went with.
    var prologueError: NovaError?
    private var statements: [String: Prepared] = [:]
    private var uses: UInt64 = 0
    private(set) var prepared = 0
    private var clock = ServerClock()

    /// Connects and sets what every session of ours has.
    ///
    /// - Parameter application: how the server lists the session; by default as the service's.
    init(_ target: PostgreSQLTarget, application: String? = nil) throws {
        self.target = target
        wire = try PostgreSQLWire(url: target.url, application: application ?? target.applicationName)
        let statement = max(1, target.statementLimit.milliseconds)
        try wire.script(
            """
            SET search_path TO "\(target.schema)"; SET statement_timeout = \(statement); SET lock_timeout = \(statement);
            SET idle_in_transaction_session_timeout = \(2 * statement); SET jit = off; SET client_min_messages = error;
            SET standard_conforming_strings = on; SET extra_float_digits = 1
            """, deadline: .after(target.statementLimit + .seconds(2)))
        for command in PostgreSQLCommand.allCases { wire.prepare(command.name, command.rawValue) }
        _ = try receive(PostgreSQLCommand.allCases.count)
        guard wire.serverVersion >= 120_000, wire.parameter("server_encoding") == "UTF8" else {
            throw NovaError(
                .unavailable, "The database server must be PostgreSQL 12 or later, with a database in UTF-8.",
                details: "version \(wire.serverVersion), encoding \(wire.parameter("server_encoding"))")
        }
    }

    /// Whether the connection broke: nothing can be done with it any more.
    var isLost: Bool { wire.isLost }
    var isAutocommit: Bool { wire.transaction == PQTRANS_IDLE }
    /// Whether a failed statement has spoilt the open transaction.
    var isSpoilt: Bool { wire.transaction == PQTRANS_INERROR }

    /// Sends a command together with the next statement.
    func pend(_ command: PostgreSQLCommand) { pending.append(.command(command)) }

    /// Takes back the last pending command when it is this one: nothing has happened since.
    func unpend(_ command: PostgreSQLCommand) -> Bool {
        guard case .command(command)? = pending.last else { return false }
        pending.removeLast()
        return true
    }

    /// Whether these commands wait, and nothing else: nothing has happened since.
    func hasPending(only commands: [PostgreSQLCommand]) -> Bool {
        pending.count == commands.count
            && zip(pending, commands).allSatisfy { if case .command($1) = $0 { true } else { false } }
    }

    /// Takes back the posted statements that have not been sent.
    func unpost() {
        while let last = pending.last, last.isStatement || last.isQuestion { pending.removeLast() }
    }

    func forgetPending() { pending = [] }

    func expect(_ sql: String, _ values: [ColumnValue]) throws {
        let question = Question(sql: sql, values: values)
        guard !expected.keys.contains(question) else { return }
        let statement = try prepare(sql, values)
        expected[question] = .some(nil)
        pending.append(.question(statement, question))
    }

    func forgetExpected() {
        guard !expected.isEmpty else { return }
        expected = [:]
        pending.removeAll(where: \.isQuestion)
    }

    func post(_ sql: String, _ values: [ColumnValue]) throws {
        // Whoever reads must hear that it may not write.
        guard !isReadOnly else { return _ = try run(sql, values) }
        forgetExpected()
        pending.append(.statement(try prepare(sql, values), values, sql: sql))
        if pending.count >= Self.pendingLimit { try settle() }
    }

    func settle() throws {
        guard pending.contains(where: \.isStatement) else { return }
        _ = try exchange()
    }

    /// Runs the pending commands and one more; gives the tag of the last.
    func command(_ command: PostgreSQLCommand) throws -> String {
        try send(.command(command)).tag
    }

    /// Sends a command, and does not wait for what comes of it.
    func sendAhead(_ command: PostgreSQLCommand) {
        wire.send(command.name, [])
        wire.endRound()
    }

    func execute(_ sql: String, _ values: [ColumnValue]) throws -> Int {
        forgetExpected()
        return try run(sql, values).changes
    }

    func query(_ sql: String, _ values: [ColumnValue], _ body: (Row) throws -> Bool) throws {
        let result = try expectedAnswer(sql, values) ?? run(sql, values)
        for row in 0..<result.rows where try !body(Row(result, row: row)) { return }
    }

    func script(_ sql: String) throws {
        try wire.script(sql, deadline: .after(target.statementLimit + .seconds(2)))
    }

    func edition() -> Int64? { nil }

    func now() throws -> Timestamp {
        if let time = clock.now() { return time }
        let asked = ContinuousClock.now
        let result = try run("SELECT (extract(epoch FROM clock_timestamp()) * 1000000)::bigint", [])
        guard case .integer(let microseconds) = result.value(row: 0, column: 0) else {
            throw NovaError(.internal, "A database statement failed.", details: "the server told no time")
        }
        let time = Timestamp(microseconds: microseconds)
        clock.set(time, asked: asked)
        return time
    }

    /// The server's autovacuum does it.
    func reclaimSpace() {}

    /// The answer to an expected question; nil to one that nobody expected.
    private func expectedAnswer(_ sql: String, _ values: [ColumnValue]) throws -> PostgreSQLResult? {
        guard !expected.isEmpty else { return nil }
        let question = Question(sql: sql, values: values)
        guard let answer = expected[question] else { return nil }
        if let answer { return answer }
        _ = try exchange()
        return expected[question] ?? nil
    }

    private func run(_ sql: String, _ values: [ColumnValue]) throws -> PostgreSQLResult {
        let statement = try prepare(sql, values)
        return try send(.statement(statement, values, sql: sql))
    }

    private func prepare(_ sql: String, _ values: [ColumnValue]) throws -> Prepared {
        let (statement, isNew) = statement(for: sql)
        guard statement.parameters == values.count else {
            throw NovaError(
                .internal, "A database statement failed.",
                details: "\(values.count) values for \(statement.parameters) parameters in: \(sql.prefix(200))")
        }
        if isNew {
            // As a round of its own: the server keeps a statement that it could parse, whatever running it gives.
            _ = try send(.preparation(statement, sql: sql))
            remember(statement, sql)
        }
        return statement
    }

    private func receive(_ count: Int) throws -> [PostgreSQLResult] {
        try wire.receive(count, deadline: .after(target.statementLimit + .seconds(2)))
    }

    /// Sends what is pending and one thing more; waits for all, gives the last result.
    private func send(_ item: Pending) throws -> PostgreSQLResult {
        pending.append(item)
        guard let last = try exchange() else { throw PostgreSQLFailure.lost("no answer to a statement") }
        return last
    }

    /// Sends what is pending and waits for all of it; gives the last result.
    private func exchange() throws -> PostgreSQLResult? {
        // What each thing that is sent is, for when it fails: the SQL of a statement, nil for what is no closure's doing.
        var sent: [String?] = dropped.map { _ in nil }
        var questions: [(place: Int, question: Question)] = []
        for name in dropped { wire.send("DEALLOCATE \(name)") }
        for item in pending {
            switch item {
            case .command(let command): wire.send(command.name, [])
            case .preparation(let statement, _): wire.prepare(statement.name, statement.text)
            case .statement(let statement, let values, _): wire.send(statement.name, values)
            case .question(let statement, let question):
                wire.send(statement.name, question.values)
                questions.append((sent.count, question))
            }
            sent.append(item.sql)
        }
        dropped = []
        pending = []
        let results = try receive(sent.count)
        if let failed = results.firstIndex(where: { $0.status == PGRES_FATAL_ERROR }) {
            let sql = sent.indices.contains(failed) ? sent[failed] : nil
            let failure = PostgreSQLFailure(results[failed], sql: sql ?? "")
            if self.failure == nil { self.failure = failure }
            if sql == nil { prologueError = failure.error }
            throw failure.error
        }
        for (place, question) in questions where results.indices.contains(place) {
            expected[question] = results[place]
        }
        return results.last
    }

    private func statement(for sql: String) -> (Prepared, isNew: Bool) {
        uses += 1
        if let known = statements[sql] {
            known.lastUse = uses
            return (known, false)
        }
        let (text, parameters) = PostgreSQLText.statement(sql)
        return (Prepared(name: "s\(uses)", text: text, parameters: parameters), true)
    }

    private func remember(_ statement: Prepared, _ sql: String) {
        prepared += 1
        statement.lastUse = uses
        if statements.count >= Self.cacheLimit, let oldest = statements.min(by: { $0.value.lastUse < $1.value.lastUse })
        {
            statements[oldest.key] = nil
            dropped.append(oldest.value.name)
        }
        statements[sql] = statement
    }
}

// MARK: Schema

extension PostgreSQLSession {
    func beginSchemaChange(_ schema: DatabaseSchema) throws {
        // Migrations of large tables take their time; who waits for them gives up by its own deadline.
        try script("BEGIN; SET LOCAL statement_timeout = 0; SET LOCAL lock_timeout = 0")
        try wire.script(
            "SELECT pg_advisory_xact_lock(\(schema.applicationID))", deadline: .after(Self.schemaLimit))
    }

    private static let schemaLimit = Duration.seconds(600)

    func schemaState(_ schema: DatabaseSchema) throws -> SchemaState {
        let name = target.schema
        if try number("SELECT count(*) FROM pg_namespace WHERE nspname = ?", [.text(name)]) == 0 {
            try script("CREATE SCHEMA \"\(name)\"")
        }
        let marks = try number(
            "SELECT count(*) FROM pg_tables WHERE schemaname = ? AND tablename = 'database_version'", [.text(name)])
        if marks == 0 {
            let tables = try number("SELECT count(*) FROM pg_tables WHERE schemaname = ?", [.text(name)])
            guard tables == 0 else { return SchemaState(version: 0, stranger: "it has tables but no version") }
            try script(
                """
                CREATE TABLE database_version (
                    only_row BIGINT PRIMARY KEY CHECK (only_row = 1), name TEXT NOT NULL, version BIGINT NOT NULL)
                """)
            return SchemaState(version: 0, stranger: nil)
        }
        var state = SchemaState(version: 0, stranger: nil)
        try query("SELECT name, version FROM database_version", []) { row in
            let owner = try row.text(0)
            state.version = Int(try row.int(1))
            if owner != schema.name { state.stranger = "it is \(owner)" }
            return false
        }
        return state
    }

    func apply(_ text: SchemaText) throws {
        try wire.script(
            PostgreSQLText.schema(text.lines(for: .postgresql)), deadline: .after(Self.schemaLimit))
    }

    func mark(_ schema: DatabaseSchema) throws {
        _ = try execute(
            """
            INSERT INTO database_version (only_row, name, version) VALUES (1, ?, ?)
            ON CONFLICT (only_row) DO UPDATE SET version = excluded.version
            """, [.text(schema.name), .integer(Int64(schema.version))])
    }

    func commitSchemaChange() throws { try script("COMMIT") }

    func number(_ sql: String, _ values: [ColumnValue] = []) throws -> Int64 {
        let result = try run(sql, values)
        guard result.rows > 0, case .integer(let value) = result.value(row: 0, column: 0) else { return 0 }
        return value
    }
}
