import Logging
import NetworkDriver
import NovaCore
import NovaDatabase
import NovaInterfaces
import NovaModel
import NovaTelemetry
import NovaWire

/// The rows of the cloud's networks, and their likeness on the network host.
final class NetworkEngine: Sendable {
    /// How long the fence of a server without ports is kept: twice as long as any message to this service lives (60 s).
    private static let fenceSeconds: Int64 = 120

    let database: Database
    let cloudID: CloudID
    private let host: any NetworkHost
    private let leases: LeasePublisher
    private let metrics: NetworkMetrics
    private let log: Logger
    /// One change of a network on its host at a time, each with the rows as they are then.
    private let gates = KeyedGate<NetworkID>()

    init(database: Database, host: any NetworkHost, cloudID: CloudID, metrics: MetricsRegistry, log: Logger) {
        let metrics = NetworkMetrics(metrics)
        self.database = database
        self.host = host
        self.cloudID = cloudID
        self.metrics = metrics
        self.log = log
        leases = LeasePublisher { network in
            let current = try await database.read { try NetworkTables($0).leases(of: network) }
            metrics.leaseWrites.inc()
            try await host.updateLeases(current, of: network)
        }
    }

    // MARK: Servers

    /// Makes the ports of a server; their leases are in force when it returns.
    func allocate(_ request: AllocateNetwork) async throws -> NetworkInfo {
        let start = SteadyClock.now
        do {
            let outcome = try await database.write { try PortAllocation($0).allocate(request) }
            metrics.ports.inc(by: Double(outcome.change))
            try await publish(outcome.networks)
            metrics.allocations.inc()
            metrics.allocationTime.observe(.now - start)
            return outcome.info
        } catch {
            metrics.failures.inc()
            throw error
        }
    }

    /// Binds the ports of a server to a host, or to none.
    func bind(_ request: BindNetwork) async throws -> NetworkInfo {
        try await database.write { try PortAllocation($0).bind(request) }.info
    }

    /// Binds one more port to a server; its lease is in force when it returns.
    func attach(_ request: AttachPort) async throws -> PortBinding {
        let outcome = try await database.write { try PortAllocation($0).attach(request) }
        metrics.ports.inc(by: Double(outcome.change))
        try await publish(outcome.networks)
        guard let port = outcome.info.ports.first else {
            throw NovaError(.internal, "A port was not made.", details: "server \(request.serverID)")
        }
        return port
    }

    /// Takes one port from a server.
    func detach(_ request: DetachPort) async throws {
        let outcome = try await database.write { try PortAllocation($0).detach(request) }
        metrics.ports.inc(by: Double(outcome.change))
        try await withdraw(outcome.networks, of: request.serverID)
    }

    /// Frees the ports of a server.
    func release(_ request: ReleaseNetwork) async throws {
        let outcome = try await database.write { try PortAllocation($0).release(request) }
        metrics.ports.inc(by: Double(outcome.change))
        metrics.releases.inc()
        try await withdraw(outcome.networks, of: request.serverID)
    }

    private func withdraw(_ networks: Set<NetworkID>, of server: ServerID) async throws {
        do { try await publish(networks) } catch is CancellationError {
            throw CancellationError()
        } catch {
            // The addresses are free already; the next change of the network writes the leases again.
            log.warning("leases could not be withdrawn", metadata: ["server": "\(server)", "error": "\(error)"])
        }
    }

    func resolve(_ request: ResolveNetworks) async throws {
        try await database.read { try PortAllocation($0).resolve(request) }
    }

    /// A page of the ports that are bound to servers.
    func serverPorts(_ request: NetworkPorts) async throws -> NetworkPorts.Response {
        let limit = max(1, min(5000, request.limit))
        return try await database.read { connection in
            let rows = try NetworkTables(connection).boundPorts(after: request.after, limit: limit)
            var response = NetworkPorts.Response()
            response.ports = try PortAllocation(connection).describe(rows)
            if Int64(rows.count) == limit { response.next = rows.last?.id }
            return response
        }
    }

    // MARK: Host

    /// Brings a network's leases to its host.
    func publish(_ networks: Set<NetworkID>) async throws {
        guard host.servesLeases else { return }
        for network in networks.sorted() { try await leases.publish(network) }
    }

    /// Makes a network on its host as its rows say, or removes it when there are none.
    func apply(_ network: NetworkID) async throws {
        try await gates.with(network) { [self] in
            if let hosted = try await database.read({ try NetworkTables($0).hosted(network) }) {
                try await host.ensure(hosted)
            } else {
                try await host.remove(network)
            }
        }
    }

    /// Makes all networks on their host, removes what is left of others, and writes all leases: at start, and now and
    /// then, because a person or a crash may have removed something.
    func reconcile() async throws {
        let networks = try await database.read { try NetworkTables($0).hostedNetworks() }
        try await host.sweep(keeping: networks)
        try await publish(Set(networks.map(\.id)))
    }

    /// Forgets old fences and counts the ports.
    func tidy() async throws {
        let horizon = Timestamp.now().adding(seconds: -Self.fenceSeconds)
        try await database.write { connection in
            try connection.execute(
                """
                DELETE FROM server_fences WHERE updated_at < ? AND NOT EXISTS (
                    SELECT 1 FROM ports WHERE device_id = server_fences.server_id)
                """, [horizon.column])
            try connection.reclaimSpace()
        }
        let count = try await database.read { try $0.row("SELECT count(*) FROM ports") { try $0.int(0) } ?? 0 }
        metrics.ports.set(Double(count))
    }

    func countPorts(_ change: Int) { metrics.ports.inc(by: Double(change)) }

    // MARK: First start

    /// Makes the shared network of the cloud, once: an operator who deletes it does not get it back.
    ///
    /// - Parameter cidr: empty makes none.
    func makeDefaultNetwork(cidr: String, dns: [String], mtu: Int) async throws {
        guard let range = IPv4Range(cidr) else { return }
        let plan = try SubnetPlan(range)
        let cloudID = self.cloudID
        try await database.write { connection in
            let known = try connection.row("SELECT value FROM facts WHERE name = 'default_network'") { try $0.text(0) }
            guard known == nil else { return }
            var network = NetworkRow()
            network.id = .random()
            network.name = "default"
            network.description = "Shared by all projects"
            (network.shared, network.isDefault) = (true, true)
            network.mtu = Int64(mtu)
            network.bridge = NetworkNames.bridge(cloud: cloudID, network: network.id)
            network.createdAt = .now()
            network.updatedAt = network.createdAt
            try connection.insert(network, into: "networks")
            var subnet = SubnetRow()
            subnet.id = .random()
            subnet.networkID = network.id
            subnet.name = "default-subnet"
            subnet.dns = dns.joined(separator: ",")
            (subnet.createdAt, subnet.updatedAt) = (network.createdAt, network.createdAt)
            subnet.apply(plan)
            try connection.insert(subnet, into: "subnets")
            try connection.execute(
                "INSERT INTO facts (name, value) VALUES ('default_network', ?)", [.text(network.id.description)])
        }
    }
}
