import DatabaseTestKit
import NovaCore
import NovaDatabase
import NovaModel
import NovaStore
import NovaWire
import Testing

@testable import NovaConductor

/// A drain in the database, turn by turn, with workflows that a test ends by hand.
@Suite("The turns of a drain")
struct DrainTurnTests {
    private struct Scene {
        let database: Database
        var id: DrainID

        func look(maximum: Int = 32) async throws -> [WorkflowID] {
            try await database.write { [id] connection in
                guard let drain = try DrainTable(connection).find(id), drain.isActive else { return [] }
                let turn = try DrainTurn(drain, maximum: maximum, connection)
                return try turn.apply(turn.changes(), DrainImages())
            }
        }

        func moves() async throws -> [DrainMove] {
            try await database.read { [id] in try DrainTable($0).moves(of: id) }
        }
        func states() async throws -> [String] { try await moves().map(\.state.rawValue) }
        func drain() async throws -> DrainRecord {
            let found = try await database.read { [id] in try DrainTable($0).find(id) }
            return try #require(found)
        }
        func start() async throws { try await database.write { [id] in try DrainTable($0).start(id) } }
        func stop() async throws { try await database.write { [id] in try DrainTable($0).stop(id) } }
        func host() async throws -> HostRecord? { try await database.read { try HostTable($0).find("h1") } }

        /// Ends a workflow and does to the server what it would have done.
        func end(
            _ workflow: WorkflowID, _ error: NovaError? = nil,
            _ change: @escaping @Sendable (inout ServerRecord) -> Void
        )
            async throws
        {
            try await database.write { connection in
                let table = WorkflowTable(connection)
                guard var record = try table.find(workflow) else { return }
                record.error = error.map { WorkflowError($0) }
                record.state = error == nil ? .succeeded : .failed
                record.finishedAt = try connection.now()
                try table.save(record)
                try ServerTable(connection).change(record.serverID) { server in
                    server.taskState = nil
                    if error == nil { change(&server) }
                }
            }
        }
    }

    /// A host with servers in these states, and a drain of it that was planned.
    private func scene(_ kind: DatabaseKind, _ states: [VMState]) async throws -> Scene {
        let database = try await kind.open(NovaDatabaseSchema.schema)
        let drain = try await database.write { connection in
            var host = HostRecord()
            host.resources.host = "h1"
            try HostTable(connection).save(host)
            try HostTable(connection).hello(binary: "nova-compute", host: "h1", topic: "compute", zone: "nova")
            for state in states { try Self.add(state, connection) }
            return try Self.plan(connection)
        }
        return Scene(database: database, id: drain)
    }

    @discardableResult
    private static func add(_ state: VMState, _ connection: Connection) throws -> ServerID {
        var server = ServerRecord()
        server.id = .random()
        server.name = state.rawValue
        server.vmState = state
        server.host = "h1"
        server.launchedAt = .now()
        try ServerTable(connection).insert(&server)
        return server.id
    }

    private static func plan(_ connection: Connection) throws -> DrainID {
        var drain = DrainRecord()
        drain.id = .random()
        drain.host = "h1"
        drain.createdAt = try connection.now()
        let servers = try ServerTable(connection).onHost("h1").sorted { $0.sequence < $1.sequence }
        let moves = servers.enumerated().map { place, server in
            var move = DrainMove(server, of: drain, at: Int64(place))
            move.target = "h2"
            return move
        }
        try DrainTable(connection).insert(drain, moves)
        return drain.id
    }

    @Test(
        "A live move is one workflow, a cold one two, and the host is drained then.", arguments: DatabaseKind.available)
    func toTheEnd(kind: DatabaseKind) async throws {
        let scene = try await scene(kind, [.active, .stopped])
        try await scene.start()
        #expect(try await scene.host()?.disabledReason == "maintenance: draining")
        let begun = try await scene.look()
        let kinds = try await scene.database.read { connection in
            try begun.compactMap { try WorkflowTable(connection).find($0)?.kind }
        }
        #expect(kinds == ["liveMigrate", "resize"])
        #expect(try await scene.states() == ["moving", "moving"])
        #expect(try await scene.look().isEmpty)
        try await scene.end(begun[0]) { $0.host = "h2" }
        try await scene.database.write { connection in
            for migration in try MigrationTable(connection).open() where migration.type == "migration" {
                try MigrationTable(connection).change(migration.id) { $0.status = "finished" }
            }
        }
        try await scene.end(begun[1]) {
            $0.host = "h3"
            $0.vmState = .resized
        }
        let confirmation = try await scene.look()
        #expect(try await scene.states() == ["moved", "confirming"])
        #expect(confirmation.count == 1)
        try await scene.end(confirmation[0]) { $0.vmState = .stopped }
        _ = try await scene.look()
        #expect(try await scene.moves().map(\.target) == ["h2", "h3"])
        _ = try await scene.look()
        #expect(try await scene.drain().state == .done)
        #expect(try await scene.host()?.disabledReason == "maintenance: drained")
        await scene.database.close()
    }

    @Test("What fails is tried once more, elsewhere, and holds nobody up.", arguments: DatabaseKind.available)
    func failure(kind: DatabaseKind) async throws {
        let scene = try await scene(kind, [.active, .active, .active])
        try await scene.start()
        // Two at first, the third when one has gone.
        let first = try await scene.look(maximum: 2)
        #expect(first.count == 2)
        try await scene.end(first[0], NovaError(.hypervisor, "it broke")) { _ in }
        _ = try await scene.look(maximum: 2)
        let again = try #require(try await scene.moves().first)
        #expect(again.avoided == "h2" && again.target == nil && again.reason == "To h2: it broke")
        #expect(try await scene.states().filter { $0 == "moving" }.count == 2)
        try await scene.end(first[1]) { $0.host = "h2" }
        var next = try await scene.look(maximum: 2)
        let third = try #require(try await scene.moves().last?.workflowID)
        try await scene.end(third) { $0.host = "h2" }
        next += try await scene.look(maximum: 2)
        let retry = try #require(try await scene.moves().first?.workflowID)
        #expect(next.contains(retry))
        let state = try await scene.database.read { connection in
            try WorkflowTable(connection).find(retry).map { try LiveMigrationState(decoding: $0.data.bytes) }
        }
        #expect(state?.move.ignoredHosts == ["h2"] && state?.move.requestedHost == nil)
        try await scene.end(retry, NovaError(.hypervisor, "again")) { _ in }
        for _ in 0..<3 { _ = try await scene.look(maximum: 2) }
        #expect(try await scene.states() == ["failed", "moved", "moved"])
        #expect(try await scene.moves().first?.reason == "To h2: it broke Then: again")
        #expect(try await scene.drain().state == .done)
        await scene.database.close()
    }

    @Test("A drain that is stopped begins nothing, and ends what it has begun.", arguments: DatabaseKind.available)
    func stop(kind: DatabaseKind) async throws {
        let scene = try await scene(kind, [.active, .active])
        try await scene.start()
        let begun = try await scene.look(maximum: 1)
        try await scene.stop()
        #expect(try await scene.look(maximum: 2).isEmpty)
        #expect(try await scene.drain().state == .stopping)
        try await scene.end(begun[0]) { $0.host = "h2" }
        for _ in 0..<2 { _ = try await scene.look(maximum: 2) }
        #expect(try await scene.states() == ["moved", "waiting"])
        #expect(try await scene.drain().state == .stopped)
        #expect(try await scene.host()?.disabledReason == "maintenance: drain stopped")
        await #expect(throws: NovaError.self) { try await scene.stop() }
        await scene.database.close()
    }

    @Test("A server that comes late is moved, too; one that is busy is waited for.", arguments: DatabaseKind.available)
    func late(kind: DatabaseKind) async throws {
        var scene = try await scene(kind, [])
        try await scene.start()
        try await scene.database.write { connection in
            let id = try Self.add(.active, connection)
            try ServerTable(connection).change(id) { $0.taskState = .rebooting }
        }
        _ = try await scene.look()
        #expect(try await scene.look().isEmpty)
        let move = try #require(try await scene.moves().first)
        #expect(move.state == .waiting && move.reason == "It is busy: rebooting." && move.busySince != nil)
        try await scene.database.write { connection in
            try ServerTable(connection).change(move.serverID) { $0.taskState = nil }
            var move = move
            move.retryAt = Timestamp(microseconds: 0)
            try DrainTable(connection).save(move)
        }
        #expect(try await scene.look().count == 1)
        // A second plan of a host whose servers are being moved is refused.
        scene.id = try await scene.database.write { try Self.plan($0) }
        await #expect(throws: NovaError.self) { try await scene.start() }
        await scene.database.close()
    }

    @Test("What a drain has moved can come back, until the host is drained anew.", arguments: DatabaseKind.available)
    func returns(kind: DatabaseKind) async throws {
        var scene = try await scene(kind, [.active])
        try await scene.start()
        let begun = try await scene.look()
        try await scene.end(begun[0]) { $0.host = "h2" }
        for _ in 0..<2 { _ = try await scene.look() }
        let returnable = { @Sendable (connection: Connection) in
            try DrainTable(connection).returnable(to: "h1").map(\.target)
        }
        #expect(try await scene.database.read(returnable) == ["h2"])
        // Another drain of a host that is still in maintenance adds to the first.
        scene.id = try await scene.database.write { try Self.plan($0) }
        try await scene.start()
        _ = try await scene.look()
        #expect(try await scene.drain().state == .done)
        #expect(try await scene.database.read(returnable) == ["h2"])
        scene.id = try await scene.database.write { connection in
            #expect(try HostTable(connection).release("h1"))
            return try Self.plan(connection)
        }
        try await scene.start()
        #expect(try await scene.database.read(returnable) == [])
        #expect(try await scene.host()?.isDisabled == true)
        await scene.database.close()
    }

    @Test(
        "A reason that an operator gave stays, and plans that nobody starts are replaced.",
        arguments: DatabaseKind.available)
    func rest(kind: DatabaseKind) async throws {
        let scene = try await scene(kind, [.active])
        let second = try await scene.database.write { connection in
            var host = try #require(try HostTable(connection).find("h1"))
            (host.isDisabled, host.disabledReason) = (true, "bad fan")
            try HostTable(connection).save(host)
            return try Self.plan(connection)
        }
        await #expect(throws: NovaError.self) { try await scene.start() }
        try await scene.database.write { try DrainTable($0).start(second) }
        #expect(try await scene.host()?.disabledReason == "bad fan")
        await #expect(throws: NovaError.self) { try await scene.database.write { try DrainTable($0).start(second) } }
        await scene.database.close()
    }
}
