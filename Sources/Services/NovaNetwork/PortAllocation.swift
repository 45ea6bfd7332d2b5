import NetworkDriver
import NovaCore
import NovaDatabase
import NovaInterfaces
import NovaModel
import NovaWire

/// What the compute service asks for servers, inside a transaction.
struct PortAllocation {
    /// The ports of a server, and how many rows it took.
    struct Outcome: Sendable {
        var info = NetworkInfo()
        var networks: Set<NetworkID> = []
        /// Ports made, or with a minus, removed.
        var change = 0
    }
    /// A port with where it is.
    struct BoundPort {
        var port: PortRow
        var network: NetworkRow
        var subnet: SubnetRow?
    }
    let tables: NetworkTables
    private let connection: Connection

    init(_ connection: Connection) {
        self.connection = connection
        tables = NetworkTables(connection)
    }

    /// The ports of a server: those that it has, or new ones as asked.
    func allocate(_ request: AllocateNetwork) throws -> Outcome {
        if request.networks.contains(where: { $0.kind == .auto }) { try expectNetworks(of: request.projectID) }
        return try passing(request.fence, server: request.serverID) { existing, outcome in
            for port in existing { try append(port, to: &outcome) }
            guard existing.isEmpty else { return }
            for (position, wanted) in request.networks.enumerated() {
                try append(bind(wanted, request, position: Int64(position), &outcome), to: &outcome)
            }
        }
    }

    /// Binds the ports of a server to a host, or to none.
    func bind(_ request: BindNetwork) throws -> Outcome {
        try passing(request.fence, server: request.serverID) { ports, outcome in
            for var port in ports {
                if port.host != request.host {
                    port.host = request.host
                    try save(&port)
                }
                try append(port, to: &outcome)
            }
        }
    }

    /// Removes the ports made for a server, and unbinds those that a user made.
    func release(_ request: ReleaseNetwork) throws -> Outcome {
        try passing(request.fence, server: request.serverID) { ports, outcome in
            for port in ports { try free(port, &outcome) }
        }
    }

    /// Removes a port that was made for its server; one that a user made is no server's any more.
    func free(_ port: PortRow, _ outcome: inout Outcome) throws {
        var port = port
        outcome.networks.insert(port.networkID)
        guard port.preexisting else {
            try connection.execute("DELETE FROM ports WHERE id = ?", [port.id.column])
            outcome.change -= 1
            return
        }
        (port.deviceID, port.deviceOwner, port.host, port.bound, port.position) = ("", "", "", false, 0)
        port.tag = ""
        try save(&port)
    }

    /// Checks what a user asked for, without making anything.
    func resolve(_ request: ResolveNetworks) throws {
        for wanted in request.networks {
            do {
                switch wanted.kind {
                case .auto: _ = try defaultNetwork(of: request.projectID)
                case .network:
                    let network = try named(wanted, project: request.projectID)
                    _ = try address(wanted, in: try subnets(of: network))
                case .port: _ = try freePort(wanted, project: request.projectID, server: nil)
                }
            } catch let error as NovaError where error.code == .notFound {
                throw NovaError(.badRequest, error.message, details: error.details)
            }
        }
    }

    /// One port for a server.
    ///
    /// - Parameter id: that of a port that is made.
    func bind(
        _ wanted: RequestedNetwork, _ request: AllocateNetwork, as id: PortID = .random(), position: Int64,
        _ outcome: inout Outcome
    ) throws -> BoundPort {
        if wanted.kind == .port {
            var port = try freePort(wanted, project: request.projectID, server: request.serverID)
            occupy(&port, wanted, request, position)
            try save(&port)
            return try bound(port)
        }
        let network =
            wanted.kind == .auto
            ? try defaultNetwork(of: request.projectID) : try named(wanted, project: request.projectID)
        let subnets = try subnets(of: network)
        var port = PortRow()
        port.id = id
        port.networkID = network.id
        port.projectID = request.projectID
        port.createdAt = .now()
        port.updatedAt = port.createdAt
        occupy(&port, wanted, request, position)
        try tables.add(&port, subnets: subnets, address: try address(wanted, in: subnets))
        outcome.change += 1
        return BoundPort(port: port, network: network, subnet: subnets.first { $0.id == port.subnetID })
    }

    private func occupy(
        _ port: inout PortRow, _ wanted: RequestedNetwork, _ request: AllocateNetwork, _ position: Int64
    ) {
        port.tag = wanted.tag ?? ""
        port.deviceID = request.serverID.description
        port.deviceOwner = "compute:nova"
        port.host = request.host
        port.bound = true
        port.position = position
        port.hostname = request.hostname
    }

    private func save(_ port: inout PortRow) throws {
        port.updatedAt = .now()
        port.revision += 1
        try connection.update(port, in: "ports", key: "id")
    }

    func append(_ port: PortRow, to outcome: inout Outcome) throws { try append(bound(port), to: &outcome) }

    func append(_ bound: BoundPort, to outcome: inout Outcome) throws {
        outcome.networks.insert(bound.network.id)
        outcome.info.ports.append(try bound.port.binding(bound.network, bound.subnet))
    }

    private func bound(_ port: PortRow) throws -> BoundPort {
        guard let network = try tables.network(port.networkID) else {
            throw NovaError(.internal, "A row of the database is damaged.", details: "port \(port.id) has no network")
        }
        return BoundPort(port: port, network: network, subnet: try port.subnetID.flatMap { try tables.subnet($0) })
    }

    /// The one network of the project, else the one that is shared by default.
    private func defaultNetwork(of project: ProjectID) throws -> NetworkRow {
        let candidates = try connection.records(
            NetworkRow.self, from: "networks", where: Self.usable, [project.column], suffix: Self.oldestFirst)
        let own = candidates.filter { $0.projectID == project && !$0.isDefault }
        let shared = candidates.filter(\.isDefault)
        for group in [own, shared, candidates] where !group.isEmpty {
            guard group.count == 1, let only = group.first else {
                throw NovaError(
                    .conflict, "Multiple possible networks found, use a Network ID to be more specific.")
            }
            return only
        }
        throw NovaError(.badRequest, "No network with a subnet is available to the project. Create one first.")
    }

    private func expectNetworks(of project: ProjectID) throws {
        try connection.expect(
            NetworkRow.self, from: "networks", where: Self.usable, [project.column], suffix: Self.oldestFirst)
    }

    private static let usable =
        "(project_id = ?1 OR shared = 1) AND EXISTS (SELECT 1 FROM subnets WHERE network_id = networks.id)"
    private static let oldestFirst = "ORDER BY created_at, id LIMIT 100"

    private func named(_ wanted: RequestedNetwork, project: ProjectID) throws -> NetworkRow {
        guard let id = wanted.networkID else { throw NovaError(.badRequest, "A network was requested without its id.") }
        return try tables.usableNetwork(id, by: project)
    }

    private func subnets(of network: NetworkRow) throws -> [SubnetRow] {
        let subnets = try tables.subnets(of: network.id)
        guard !subnets.isEmpty else {
            throw NovaError(
                .badRequest, "Network \(network.id) requires a subnet in order to boot instances on.")
        }
        return subnets
    }

    private func address(_ wanted: RequestedNetwork, in subnets: [SubnetRow]) throws -> IPv4Address? {
        guard let text = wanted.fixedIP, !text.isEmpty else { return nil }
        guard let address = IPv4Address(text) else {
            throw NovaError(.badRequest, "Invalid fixed IP address \(text.prefix(64)): only IPv4 is supported.")
        }
        let search = AddressSearch(connection: connection)
        for subnet in subnets where try subnet.range().contains(address) {
            guard try !search.isTaken(address, of: subnet.id) else {
                throw NovaError(.badRequest, "Fixed IP address \(address) is already in use on instance network.")
            }
            return address
        }
        throw NovaError(.badRequest, "Fixed IP address \(address) is not in a subnet of the network.")
    }

    private func freePort(_ wanted: RequestedNetwork, project: ProjectID, server: ServerID?) throws -> PortRow {
        guard let id = wanted.portID else { throw NovaError(.badRequest, "A port was requested without its id.") }
        guard let port = try tables.port(id), port.projectID == project else {
            throw NovaError(.notFound, "Port id \(id) could not be found.")
        }
        guard port.deviceID.isEmpty || port.deviceID == server?.description else {
            throw NovaError(.conflict, "Port \(id) is still in use.")
        }
        guard port.address != nil else {
            throw NovaError(.badRequest, "Port \(id) requires a FixedIP in order to be used.")
        }
        return port
    }

    /// Lets a step pass, with the server's ports, and remembers it; one of an older owner of the same workflow is refused.
    func passing(
        _ fence: Fence, server: ServerID, _ body: (_ ports: [PortRow], _ outcome: inout Outcome) throws -> Void
    ) throws -> Outcome {
        try tables.expectPorts(ofServer: server)
        let isNew = try isNew(fence, server: server)
        var outcome = Outcome()
        try body(try tables.ports(ofServer: server), &outcome)
        if isNew { try remember(fence, server: server) }
        return outcome
    }

    private func isNew(_ fence: Fence, server: ServerID) throws -> Bool {
        let known = try connection.row(
            "SELECT workflow, epoch FROM server_fences WHERE server_id = ?", [server.column]
        ) { (try $0.field(0, as: WorkflowID.self), try $0.int(1)) }
        if let (workflow, epoch) = known, workflow == fence.workflow {
            guard fence.epoch >= epoch else {
                throw NovaError(
                    .stale, "The request is of an earlier owner of the server's workflow.",
                    details: "server \(server), workflow \(workflow): epoch \(fence.epoch) after \(epoch)")
            }
            return fence.epoch != epoch
        }
        return true
    }

    private func remember(_ fence: Fence, server: ServerID) throws {
        try connection.post(
            """
            INSERT INTO server_fences (server_id, workflow, epoch, updated_at) VALUES (?, ?, ?, ?)
            ON CONFLICT (server_id) DO UPDATE
            SET workflow = excluded.workflow, epoch = excluded.epoch, updated_at = excluded.updated_at
            """,
            [server.column, fence.workflow.column, .integer(fence.epoch), Timestamp.now().column])
    }
}
