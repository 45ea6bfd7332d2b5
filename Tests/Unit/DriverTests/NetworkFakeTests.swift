import NetworkDriver
import NetworkFake
import NovaCore
import NovaModel
import Testing

@Suite("The fake network driver")
struct NetworkFakeTests {
    @Test("Plugging and unplugging may be repeated")
    func plug() async throws {
        let plug = FakeHostPlug()
        var port = PortBinding()
        port.portID = .random()
        let server = ServerID.random()
        let first = try await plug.plug(port, serverID: server)
        #expect(try await plug.plug(port, serverID: server) == first)
        #expect(first == NetworkNames.tap(port.portID))
        #expect(plug.plugged == [port.portID])
        try await plug.unplug(port, serverID: server)
        try await plug.unplug(port, serverID: server)
        #expect(plug.plugged.isEmpty)
    }

    @Test("A sweep removes what is not kept")
    func sweepPlugs() async throws {
        let plug = FakeHostPlug()
        var ports: [PortBinding] = []
        for _ in 0..<3 {
            var port = PortBinding()
            port.portID = .random()
            _ = try await plug.plug(port, serverID: .random())
            ports.append(port)
        }
        let kept = try #require(ports.first).portID
        #expect(try await plug.sweep(keeping: [kept]).count == 2)
        #expect(plug.plugged == [kept])
    }

    @Test("Networks are made, changed, removed and swept")
    func networks() async throws {
        let host = FakeNetworkHost(servesLeases: true)
        var network = HostedNetwork(id: .random(), name: "a", bridge: "nb0", mtu: 1500)
        try await host.ensure(network)
        network.mtu = 1450
        try await host.ensure(network)
        #expect(host.networks == [network.id: network])
        try await host.updateLeases(
            [AddressLease(mac: "fa:16:3e:00:00:01", address: IPv4Address(1))], of: network.id)
        #expect(host.leases(of: network.id).count == 1)
        let other = HostedNetwork(id: .random(), name: "b", bridge: "nb1", mtu: 1500)
        try await host.sweep(keeping: [other])
        #expect(host.networks == [other.id: other])
        #expect(host.leases(of: network.id).isEmpty)
        try await host.remove(other.id)
        try await host.remove(other.id)
        #expect(host.networks.isEmpty)
    }
}
