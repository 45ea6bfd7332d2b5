import DatabaseTestKit
import NovaCore
import NovaDatabase
import NovaModel
import NovaStore
import NovaWire
import Testing

@Suite("The history and the actions of servers")
struct ServerChangeTests {
    private func workflow(_ kind: String, _ server: ServerID, _ data: [UInt8]) -> WorkflowRecord {
        WorkflowRecord(kind: kind, server: server, context: RequestContext(userID: UserID("u")), data: data)
    }

    @Test("a workflow leaves the states before and after it, once", arguments: DatabaseKind.available)
    func states(kind: DatabaseKind) async throws {
        let database = try await TestDatabase.make(kind)
        var server = TestDatabase.server()
        server.vmState = .active
        let stop = workflow(
            WorkflowKindName.power, server.id, PowerActionState(server.id, .stop).encoded())
        let changes = try await database.write { [server] connection in
            var server = server
            try ServerTable(connection).insert(&server)
            let table = WorkflowTable(connection)
            try table.insert(stop)
            try ServerTable(connection).change(server.id) { $0.vmState = .stopped }
            var done = try #require(try table.find(stop.id))
            done.state = .succeeded
            done.finishedAt = .now()
            try table.save(done)
            // What comes after a workflow's end is not its work.
            try ServerTable(connection).change(server.id) { $0.vmState = .error }
            try table.save(done)
            return try ServerChangeTable(connection).list(of: server.id, limit: 10)
        }
        #expect(changes.map(\.what) == ["stop"])
        #expect(changes.first?.who == "u")
        #expect(changes.first?.before?.vmState == .active)
        #expect(changes.first?.after?.vmState == .stopped)
        await database.close()
    }

    @Test("actions are found by their requests, page by page", arguments: DatabaseKind.available)
    func actions(kind: DatabaseKind) async throws {
        let database = try await TestDatabase.make(kind)
        let server = ServerID.random()
        let created = workflow(WorkflowKindName.build, server, BuildState().encoded())
        let deleted = workflow(WorkflowKindName.delete, server, DeleteState(server).encoded())
        try await database.write { connection in
            try WorkflowTable(connection).insert(created)
            try WorkflowTable(connection).insert(deleted)
        }
        let (first, second, found) = try await database.read { connection in
            let table = InstanceActionTable(connection)
            var filter = InstanceActionTable.Filter()
            filter.limit = 1
            let first = try table.list(of: server, filter)
            filter.marker = first.last?.workflow.context.requestID
            return (
                first, try table.list(of: server, filter),
                try table.find(created.context.requestID, of: server)
            )
        }
        #expect(first.map(\.workflow.action) == ["delete"])
        #expect(second.map(\.workflow.action) == ["create"])
        #expect(found?.workflow.id == created.id)
        // Another server's request is none of this one's.
        let foreign = try await database.read {
            try InstanceActionTable($0).find(created.context.requestID, of: .random())
        }
        #expect(foreign == nil)
        // The history is forgotten before the workflows are.
        let (forgotten, late, rest) = try await database.write { connection in
            let forgotten = try connection.execute("DELETE FROM server_changes")
            let table = InstanceActionTable(connection)
            var filter = InstanceActionTable.Filter()
            filter.marker = deleted.context.requestID
            return (
                forgotten, try table.find(created.context.requestID, of: server), try table.list(of: server, filter)
            )
        }
        #expect(forgotten == 2)
        #expect(late?.workflow.id == created.id)
        #expect(rest.map(\.workflow.id) == [created.id])
        await database.close()
    }

    @Test("a lease is one owner's until it expires or is given back", arguments: DatabaseKind.available)
    func lease(kind: DatabaseKind) async throws {
        let database = try await TestDatabase.make(kind)
        let start = Timestamp(microseconds: 1_000_000_000)
        let end = start.adding(seconds: 10)
        let taken = try await database.write { connection in
            let table = TaskLeaseTable(connection)
            let first = try table.take("audit", owner: "a", until: end, at: start)
            let second = try table.take("audit", owner: "b", until: end, at: start)
            let again = try table.take("audit", owner: "a", until: end, at: start)
            let expired = try table.take("audit", owner: "b", until: end.adding(seconds: 10), at: end)
            try table.release("audit", owner: "a")
            let foreign = try table.take("audit", owner: "a", until: end, at: end)
            try table.release("audit", owner: "b")
            return [first, second, again, expired, foreign, try table.take("audit", owner: "a", until: end, at: end)]
        }
        #expect(taken == [true, false, true, true, false, true])
        await database.close()
    }
}
