import NetworkDriver
import NovaCore
import NovaDatabase
import NovaWire

/// The rows of networks, subnets and ports, inside a transaction.
struct NetworkTables {
    let connection: Connection

    init(_ connection: Connection) { self.connection = connection }

    func network(_ id: NetworkID) throws -> NetworkRow? {
        try connection.keyed(NetworkRow.self, in: "networks", id.column)
    }

    func subnet(_ id: SubnetID) throws -> SubnetRow? {
        try connection.keyed(SubnetRow.self, in: "subnets", id.column)
    }

    func port(_ id: PortID) throws -> PortRow? {
        try connection.record(PortRow.self, from: "ports", where: "id = ?", [id.column])
    }

    /// The network, when the project may use it; nil as owner means an administrator, who may use all.
    func usableNetwork(_ id: NetworkID, by project: ProjectID?) throws -> NetworkRow {
        guard let row = try network(id), project == nil || row.shared || row.projectID == project else {
            throw NovaError(.notFound, "Network \(id) could not be found.")
        }
        return row
    }

    func subnets(of network: NetworkID) throws -> [SubnetRow] {
        try connection.records(
            SubnetRow.self, from: "subnets", where: "network_id = ?", [network.column],
            suffix: "ORDER BY created_at, id")
    }

    /// The ports that the compute service bound to a server, in the order of the request.
    func ports(ofServer id: ServerID) throws -> [PortRow] {
        try connection.records(
            PortRow.self, from: "ports", where: Self.ofServer, [.text(id.description)], suffix: Self.inOrder)
    }

    func expectPorts(ofServer id: ServerID) throws {
        try connection.expect(
            PortRow.self, from: "ports", where: Self.ofServer, [.text(id.description)], suffix: Self.inOrder)
    }

    private static let ofServer = "device_id = ? AND bound = 1"
    private static let inOrder = "ORDER BY position, id"

    /// The ports that the compute service bound, by id, from one on.
    func boundPorts(after id: PortID, limit: Int64) throws -> [PortRow] {
        try connection.records(
            PortRow.self, from: "ports", where: "bound = 1 AND id > ?", [id.column, .integer(limit)],
            suffix: "ORDER BY id LIMIT ?")
    }

    func portCount(of network: NetworkID) throws -> Int64 {
        try connection.row("SELECT count(*) FROM ports WHERE network_id = ?", [network.column]) { try $0.int(0) } ?? 0
    }

    /// How many networks, subnets and ports a project has, by Neutron's names of their quotas.
    func counts(of project: ProjectID) throws -> [String: Int64] {
        var counts: [String: Int64] = [:]
        for name in ["network", "subnet", "port"] {
            counts[name] = try connection.row(
                "SELECT count(*) FROM \(name)s WHERE project_id = ?", [project.column], { try $0.int(0) })
        }
        return counts
    }

    /// A network as its host makes it; nil when there is none of the id.
    func hosted(_ id: NetworkID) throws -> HostedNetwork? {
        try network(id).map { try hosted($0) }
    }

    func hosted(_ row: NetworkRow) throws -> HostedNetwork {
        HostedNetwork(
            id: row.id, name: row.name, bridge: row.bridge, mtu: Int(row.mtu),
            subnets: try subnets(of: row.id).map { try $0.hosted() })
    }

    func hostedNetworks() throws -> [HostedNetwork] {
        try connection.records(NetworkRow.self, from: "networks", suffix: "ORDER BY created_at, id").map {
            try hosted($0)
        }
    }

    func leases(of network: NetworkID) throws -> [AddressLease] {
        try connection.rows(
            "SELECT mac, address, hostname FROM ports WHERE network_id = ? AND address IS NOT NULL ORDER BY address",
            [network.column]
        ) { row in
            AddressLease(
                mac: try row.text(0), address: IPv4Address(UInt32(truncatingIfNeeded: try row.int(1))),
                hostname: try row.text(2))
        }
    }

    /// Refuses a range that another subnet of the cloud has: the network host routes them all in one table.
    func checkFree(_ range: IPv4Range) throws {
        let others = try connection.rows("SELECT id, cidr FROM subnets", []) { (try $0.text(0), try $0.text(1)) }
        for (id, cidr) in others where IPv4Range(cidr)?.overlaps(range) ?? false {
            throw NovaError(
                .badRequest,
                "Invalid input for operation: Requested subnet with cidr: \(range) overlaps with another subnet. "
                    + "Choose a range that no subnet of the cloud has.", details: "subnet \(id) has \(cidr)")
        }
    }

    /// Gives a new port its subnet and address, and adds it.
    ///
    /// - Parameter wanted: the address that the user asked for.
    /// - Throws: ``NovaError`` `conflict` when no address is free or the wanted one is taken, `badRequest` when it
    ///   is in no subnet of the network.
    func add(_ port: inout PortRow, subnets: [SubnetRow], address wanted: IPv4Address?) throws {
        let search = AddressSearch(connection: connection)
        if wanted == nil, let first = subnets.first { try search.expect(from: first) }
        if port.mac.isEmpty { port.mac = try search.freshMAC() }
        if let wanted {
            let home = try subnets.first { try $0.range().usable?.contains(wanted) ?? false }
            guard let home else {
                throw NovaError(
                    .badRequest, "IP address \(wanted) is not a valid IP for any subnet of network \(port.networkID).")
            }
            guard wanted.description != home.hostAddress, try !search.isTaken(wanted, of: home.id) else {
                throw NovaError(.conflict, "IP address \(wanted) already allocated in subnet \(home.id).")
            }
            (port.subnetID, port.address) = (home.id, Int64(wanted.value))
        } else if !subnets.isEmpty {
            for subnet in subnets where port.address == nil {
                guard let free = try search.take(from: subnet) else { continue }
                (port.subnetID, port.address) = (subnet.id, Int64(free.value))
            }
            guard port.address != nil else {
                throw NovaError(.conflict, "No more IP addresses available on network \(port.networkID).")
            }
        }
        try connection.insert(port, into: "ports")
    }
}
