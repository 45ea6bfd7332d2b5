import DatabaseTestKit
import Logging
import NetworkDriver
import NetworkFake
import NovaCore
import NovaDatabase
import NovaInterfaces
import NovaModel
import NovaTelemetry
import NovaWire
import Testing

@testable import NovaNetwork

@Suite("Ports of servers")
struct PortAllocationTests {
    private let host = FakeNetworkHost(servesLeases: true)
    private let project = ProjectID("p1")

    private func engine(_ kind: DatabaseKind, _ cidr: String = "10.0.0.0/24") async throws -> NetworkEngine {
        let log = Logger(label: "test")
        let database = try await kind.open(NetworkSchema.current)
        let engine = NetworkEngine(
            database: database, host: host, cloudID: .random(), metrics: MetricsRegistry(), log: log)
        try await engine.makeDefaultNetwork(cidr: cidr, dns: ["9.9.9.9"], mtu: 1450)
        try await engine.reconcile()
        return engine
    }

    private func request(_ server: ServerID = .random(), _ networks: [RequestedNetwork] = [RequestedNetwork(.auto)])
        -> AllocateNetwork
    {
        var request = AllocateNetwork()
        request.fence = Fence(workflow: .random(), step: 1, epoch: 1)
        request.serverID = server
        request.projectID = project
        request.hostname = "guest"
        request.host = "host1"
        request.networks = networks
        return request
    }

    @Test("One more port comes, once, and goes alone", arguments: DatabaseKind.available)
    func attach(kind: DatabaseKind) async throws {
        let engine = try await engine(kind)
        let asked = request()
        let first = try #require(try await engine.allocate(asked).ports.first)
        var more = AttachPort()
        more.fence = Fence(workflow: .random(), step: 0, epoch: 1)
        more.serverID = asked.serverID
        more.projectID = project
        more.host = "host1"
        more.wanted = RequestedNetwork(.auto, tag: "data")
        more.newPortID = .random()
        let port = try await engine.attach(more)
        #expect(port.portID == more.newPortID && port.tag == "data" && port.fixedIP != first.fixedIP)
        #expect(try await engine.attach(more) == port)
        // Moves bind both, in their order, and keep what the device is called.
        let bound = try await engine.bind(BindNetwork(more.fence, asked.serverID, host: "host2"))
        #expect(bound.ports.map(\.portID) == [first.portID, port.portID] && bound.ports.last?.tag == "data")
        let takes = DetachPort(Fence(workflow: .random(), step: 1, epoch: 1), asked.serverID, port.portID)
        try await engine.detach(takes)
        try await engine.detach(takes)
        #expect(try await engine.bind(BindNetwork(takes.fence, asked.serverID, host: "host2")).ports == [first])
        // Another's port is left alone.
        try await engine.detach(DetachPort(takes.fence, .random(), first.portID))
        #expect(try await engine.bind(BindNetwork(takes.fence, asked.serverID, host: "host2")).ports == [first])
        let late = Fence(workflow: takes.fence.workflow, step: 1, epoch: 0)
        await #expect { try await engine.detach(DetachPort(late, asked.serverID, first.portID)) } throws: {
            NovaError($0).code == .stale
        }
    }

    @Test("What a server that runs may not have is refused as Nova does", arguments: DatabaseKind.available)
    func attachRefused(kind: DatabaseKind) async throws {
        let engine = try await engine(kind)
        let asked = request()
        let first = try #require(try await engine.allocate(asked).ports.first)
        func code(_ wanted: RequestedNetwork) async -> NovaError.Code? {
            var more = AttachPort()
            more.fence = Fence(workflow: .random(), step: 0, epoch: 1)
            more.serverID = asked.serverID
            more.projectID = project
            more.wanted = wanted
            more.newPortID = .random()
            do {
                _ = try await engine.attach(more)
                return nil
            } catch { return NovaError(error).code }
        }
        #expect(await code(RequestedNetwork(.network, network: .random())) == .notFound)
        #expect(await code(RequestedNetwork(.port, port: .random())) == .notFound)
        #expect(
            await code(RequestedNetwork(.network, network: first.networkID, fixedIP: first.fixedIP)) == .conflict)
        #expect(await code(RequestedNetwork(.network, network: first.networkID, fixedIP: "192.0.2.1")) == .badRequest)
    }

    @Test("Ports go with their server to another host, or to none, and keep their addresses")
    func bind() async throws {
        let engine = try await engine(.sqlite)
        let asked = request()
        let info = try await engine.allocate(asked)
        func hosts() async throws -> [String] {
            try await engine.database.read { connection in
                try connection.rows("SELECT host FROM ports ORDER BY id") { try $0.text(0) }
            }
        }
        let fence = Fence(workflow: .random(), step: 1, epoch: 2)
        for host in ["host2", "host2", "", "host1"] {
            #expect(try await engine.bind(BindNetwork(fence, asked.serverID, host: host)) == info)
            #expect(try await hosts() == [host])
        }
        let late = Fence(workflow: fence.workflow, step: 1, epoch: 1)
        await #expect { _ = try await engine.bind(BindNetwork(late, asked.serverID, host: "x")) } throws: {
            NovaError($0).code == .stale
        }
        #expect(try await engine.bind(BindNetwork(fence, .random(), host: "x")).ports.isEmpty)
    }

    @Test("A server gets the next address, and the same ports when asked again", arguments: DatabaseKind.available)
    func idempotent(kind: DatabaseKind) async throws {
        let engine = try await engine(kind)
        let asked = request()
        let info = try await engine.allocate(asked)
        let port = try #require(info.ports.first)
        #expect(info.ports.count == 1)
        #expect(port.fixedIP == "10.0.0.2")
        #expect(port.gateway == "10.0.0.1")
        #expect(port.prefix == 24)
        #expect(port.mtu == 1450)
        #expect(port.dns == ["9.9.9.9"])
        #expect(port.mac.hasPrefix("fa:16:3e:"))
        #expect(port.bridge == NetworkNames.bridge(cloud: engine.cloudID, network: port.networkID))
        #expect(try await engine.allocate(asked) == info)
        let lease = AddressLease(
            mac: port.mac, address: try #require(IPv4Address("10.0.0.2")), hostname: "guest")
        #expect(host.leases(of: port.networkID) == [lease])
        let counts = try await engine.database.read { [project] in try NetworkTables($0).counts(of: project) }
        #expect(counts == ["network": 0, "subnet": 0, "port": 1])
    }

    @Test("Freeing twice is fine; the address rests before it comes again", arguments: DatabaseKind.available)
    func release(kind: DatabaseKind) async throws {
        let engine = try await engine(kind)
        let first = request()
        let info = try await engine.allocate(first)
        let network = try #require(info.ports.first).networkID
        let release = ReleaseNetwork(first.fence, first.serverID)
        try await engine.release(release)
        try await engine.release(release)
        #expect(host.leases(of: network).isEmpty)
        #expect(try await engine.allocate(request()).ports.first?.fixedIP == "10.0.0.3")
    }

    @Test("Every address is given once, then there is a clear error", arguments: DatabaseKind.available)
    func exhaustion(kind: DatabaseKind) async throws {
        let engine = try await engine(kind, "10.0.0.0/28")
        var seen: Set<String> = []
        var servers: [AllocateNetwork] = []
        for _ in 0..<13 {
            let asked = request()
            seen.formUnion(try await engine.allocate(asked).ports.map(\.fixedIP))
            servers.append(asked)
        }
        #expect(seen.count == 13)
        #expect(!seen.contains("10.0.0.1"))
        let error = await #expect(throws: NovaError.self) { try await engine.allocate(request()) }
        #expect(error?.code == .conflict)
        // The one in the middle that becomes free is found behind the taken ones.
        let freed = servers[6]
        try await engine.release(ReleaseNetwork(freed.fence, freed.serverID))
        #expect(try await engine.allocate(request()).ports.first?.fixedIP == "10.0.0.8")
    }

    @Test(
        "Many servers at once get different addresses, and their leases are written together",
        arguments: DatabaseKind.available)
    func concurrent(kind: DatabaseKind) async throws {
        let engine = try await engine(kind, "10.0.0.0/16")
        let before = host.leaseUpdates
        let addresses = try await withThrowingTaskGroup(of: [String].self) { group in
            for _ in 0..<200 { group.addTask { try await engine.allocate(self.request()).ports.map(\.fixedIP) } }
            return try await group.reduce(into: Set<String>()) { $0.formUnion($1) }
        }
        #expect(addresses.count == 200)
        let network = try #require(host.networks.keys.first)
        #expect(host.leases(of: network).count == 200)
        #expect(host.leaseUpdates - before <= 200)
    }

    @Test("A step of an older owner of the workflow is refused", arguments: DatabaseKind.available)
    func fence(kind: DatabaseKind) async throws {
        let engine = try await engine(kind)
        var asked = request()
        asked.fence.epoch = 5
        _ = try await engine.allocate(asked)
        asked.fence.epoch = 4
        let late = asked
        let error = await #expect(throws: NovaError.self) { try await engine.allocate(late) }
        #expect(error?.code == .stale)
    }

    @Test("No network asked for, no port", arguments: DatabaseKind.available)
    func none(kind: DatabaseKind) async throws {
        let engine = try await engine(kind)
        #expect(try await engine.allocate(request(.random(), [])).ports.isEmpty)
    }

    @Test("A wanted address is given once", arguments: DatabaseKind.available)
    func fixedAddress(kind: DatabaseKind) async throws {
        let engine = try await engine(kind)
        let network = try #require(host.networks.keys.first)
        let wanted = RequestedNetwork(.network, network: network, fixedIP: "10.0.0.77")
        #expect(try await engine.allocate(request(.random(), [wanted])).ports.first?.fixedIP == "10.0.0.77")
        for text in ["10.0.0.77", "10.0.0.1", "10.1.0.1", "::1", "10.0.0.255"] {
            let bad = RequestedNetwork(.network, network: network, fixedIP: text)
            await #expect(throws: NovaError.self) { try await engine.allocate(self.request(.random(), [bad])) }
        }
    }

    @Test(
        "What does not exist or belongs to others is a bad request before a server is made",
        arguments: DatabaseKind.available)
    func resolve(kind: DatabaseKind) async throws {
        let engine = try await engine(kind)
        try await engine.resolve(ResolveNetworks(project: project, [RequestedNetwork(.auto)]))
        for bad in [RequestedNetwork(.network, network: .random()), RequestedNetwork(.port, port: .random())] {
            let error = await #expect(throws: NovaError.self) {
                try await engine.resolve(ResolveNetworks(project: project, [bad]))
            }
            #expect(error?.code == .badRequest)
        }
    }

    @Test("A port that a user made outlives the server", arguments: DatabaseKind.available)
    func ownPort(kind: DatabaseKind) async throws {
        let engine = try await engine(kind)
        let project = self.project
        let network = try #require(host.networks.keys.first)
        let made = try await engine.database.write { connection in
            let tables = NetworkTables(connection)
            var port = PortRow()
            port.id = .random()
            port.networkID = network
            port.projectID = project
            port.preexisting = true
            try tables.add(&port, subnets: try tables.subnets(of: network), address: nil)
            return port
        }
        let asked = request(.random(), [RequestedNetwork(.port, port: made.id)])
        let binding = try #require(try await engine.allocate(asked).ports.first)
        #expect(binding.portID == made.id)
        #expect(binding.isPreexisting)
        let second = request(.random(), [RequestedNetwork(.port, port: made.id)])
        await #expect(throws: NovaError.self) { try await engine.allocate(second) }
        try await engine.release(ReleaseNetwork(asked.fence, asked.serverID))
        #expect(try await engine.allocate(second).ports.first?.mac == made.mac)
    }

    @Test("The default network is made once", arguments: DatabaseKind.available)
    func defaultOnce(kind: DatabaseKind) async throws {
        let engine = try await engine(kind)
        try await engine.makeDefaultNetwork(cidr: "10.9.0.0/16", dns: [], mtu: 1500)
        #expect(try await engine.database.read { try NetworkTables($0).hostedNetworks() }.count == 1)
        try await engine.tidy()
    }
}
