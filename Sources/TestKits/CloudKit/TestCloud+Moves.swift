#if DEBUG
public import NovaCore
import NovaDatabase
public import NovaModel
import NovaStore
import NovaWire

// Requests that bring servers to other hosts and flavors, or put them away.
extension TestCloud {
    /// Accepts a resize to a flavor of two cores, or a cold migration with the same flavor.
    public func resize(_ id: ServerID, keepsFlavor: Bool = false) async throws {
        try await begin(id, keepsFlavor ? .migrate : .resize) { server, connection in
            var flavor = server.flavor
            if !keepsFlavor {
                flavor.id = "2"
                flavor.name = "small"
                (flavor.memoryMB, flavor.vcpus, flavor.rootGB) = (128, 2, 2)
            }
            return try MoveTable(connection).begin(
                WorkflowKindName.resize, type: keepsFlavor ? "migration" : "resize", of: server, to: flavor, .system())
        }
    }

    /// Accepts the confirmation of a move.
    public func confirmResize(_ id: ServerID) async throws {
        try await begin(id, .confirmResize) { try MoveTable($1).confirm($0, .system()) }
    }

    /// Accepts the way back from a move.
    public func revertResize(_ id: ServerID) async throws {
        try await begin(id, .revertResize) { try MoveTable($1).revert($0, image: nil, .system()) }
    }

    /// Accepts an evacuation, whatever is known of the server's host.
    public func evacuate(_ id: ServerID) async throws {
        try await begin(id, .evacuate) { server, connection in
            try MoveTable(connection).begin(
                WorkflowKindName.evacuate, type: "evacuation", of: server, to: server.flavor, .system())
        }
    }

    /// Accepts a live migration.
    public func liveMigrate(_ id: ServerID) async throws {
        try await begin(id, .liveMigrate) { try MoveTable($1).beginLive($0, .system()) }
    }

    /// Writes down what an operator wants of a server's live migration.
    public func wish(_ wish: MigrationWish, for id: ServerID) async throws {
        try await nova.write { connection in
            guard let migration = try MigrationTable(connection).open(of: id).last else {
                throw NovaError(.notFound, "no migration of \(id)")
            }
            try MigrationTable(connection).change(migration.id) { $0.wish = wish }
        }
    }

    /// The moves of a server, newest first.
    public func moves(of id: ServerID) async throws -> [MigrationRecord] {
        var filter = MigrationTable.Filter()
        filter.server = id
        return try await nova.read { [filter] in try MigrationTable($0).list(filter) }
    }

    /// Accepts a shelving.
    public func shelve(_ id: ServerID) async throws {
        try await accept(id, .shelve) { server, connection in
            var state = ShelveState(server.id)
            state.formerState = server.vmState
            state.image.id = .random()
            state.image.owner = Self.project
            try WorkflowTable(connection).insert(
                WorkflowRecord(
                    kind: WorkflowKindName.shelve, server: server.id, context: .system(), data: state.encoded()))
        }
    }

    /// Accepts the offloading of a shelved server.
    public func shelveOffload(_ id: ServerID) async throws {
        try await begin(id, .shelveOffload) { try MoveTable($1).offload($0, .system()) }
    }

    /// Accepts the end of a shelving.
    public func unshelve(_ id: ServerID) async throws {
        try await accept(id, .unshelve) { server, connection in
            var state = UnshelveState(server.id, server.shelved ?? ShelvedServer())
            state.wasOffloaded = server.vmState == .shelvedOffloaded
            state.network = server.network
            try WorkflowTable(connection).insert(
                WorkflowRecord(
                    kind: WorkflowKindName.unshelve, server: server.id, context: .system(), data: state.encoded()))
        }
    }

    /// Does what operators do who say that compute hosts are down, or that they are not.
    public func declareDown(_ isDown: Bool, where applies: @escaping @Sendable (String) -> Bool) async throws {
        try await nova.write { connection in
            let table = HostTable(connection)
            for var service in try table.services()
            where service.binary == "nova-compute" && applies(service.host) && service.isForcedDown != isDown {
                service.isForcedDown = isDown
                try table.update(service)
                guard var host = try table.find(service.host) else { continue }
                host.isForcedDown = isDown
                try table.save(host)
            }
        }
        await tellSchedulers()
    }

    private func accept(
        _ id: ServerID, _ action: ServerAction,
        _ body: @escaping @Sendable (ServerRecord, Connection) throws -> Void
    ) async throws {
        try await nova.write { connection in
            let server = try ServerTable(connection).change(id) { server in
                try action.check(server)
                if let task = action.taskState { server.taskState = task }
            }
            if let server { try body(server, connection) }
        }
    }

    private func begin(
        _ id: ServerID, _ action: ServerAction,
        _ body: @escaping @Sendable (ServerRecord, Connection) throws -> WorkflowRecord
    ) async throws {
        try await accept(id, action) { server, connection in _ = try body(server, connection) }
    }
}
#endif
