import Glibc
import Logging
import NetworkDriver
import NovaCore
import NovaModel
import NovaProcess
import Testing

@testable import NetworkLinux

/// The driver on the real kernel, in a network namespace of its own; skipped, with the reason, where that cannot be.
@Suite("The Linux network driver in a namespace", .serialized)
struct NetworkLinuxTests {
    private static let missing: String? = {
        if getuid() != 0 { return "not root" }
        let folders = ["/usr/sbin", "/usr/bin", "/sbin", "/bin"]
        for program in ["ip", "nft", "dnsmasq"]
        where !folders.contains(where: { access("\($0)/\(program)", X_OK) == 0 }) {
            return "\(program) is not installed"
        }
        return nil
    }()

    @Test("A network with a guest is made, changed, repeated and removed without a trace")
    func wholeLife() async throws {
        if let missing = Self.missing {
            print("skipped: the Linux network driver in a namespace: \(missing)")
            return
        }
        let namespace = "novatest-\(UUID128.random().hex.prefix(8))"
        let runner = CommandRunner.shared
        do { try await runner.run("ip", ["netns", "add", namespace]) } catch {
            print("skipped: the Linux network driver in a namespace: \(error)")
            return
        }
        let state = "/tmp/\(namespace)"
        let commands = HostCommands(namespace: namespace)
        let marks = HostMarks(cloudID: .random(), host: "host1")
        do {
            try await live(marks, commands, state)
        } catch {
            try await NetworkTeardown.run(marks, commands: commands)
            try await runner.run("ip", ["netns", "delete", namespace])
            throw error
        }
        try await NetworkTeardown.run(marks, commands: commands)
        try await runner.run("ip", ["netns", "delete", namespace])
        try await runner.run("rm", ["-r", "--", state])
    }

    private func live(_ marks: HostMarks, _ commands: HostCommands, _ state: String) async throws {
        let log = Logger(label: "test")
        let host = LinuxNetworkHost(
            settings: NetworkHostSettings(marks: marks, statePath: state), log: log, commands: commands)
        let id = NetworkID.random()
        let bridge = NetworkNames.bridge(cloud: marks.cloudID, network: id)
        let range = try #require(IPv4Range("10.77.0.0/24"))
        var network = HostedNetwork(
            id: id, name: "n", bridge: bridge, mtu: 1400,
            subnets: [
                HostedSubnet(id: .random(), range: range, hostAddress: range.base.advanced(by: 1), routed: true)
            ])
        try await host.ensure(network)
        #expect(try await commands.link(bridge)?.alias == marks.mark(of: id))
        #expect(try await commands.addresses(of: bridge).map(\.address.description) == ["10.77.0.1"])
        let table = try await commands.run("nft", ["list", "table", "ip", marks.nftTable]).output
        #expect(table.contains("masquerade comment \"\(marks.mark(of: id))\""))
        let server = DHCPServer(statePath: state, cloud: marks.cloudID, network: network)
        let pid = try #require(server.running()).pid

        // The same again changes nothing; another daemon takes over what runs.
        try await host.ensure(network)
        let second = LinuxNetworkHost(
            settings: NetworkHostSettings(marks: marks, statePath: state), log: log, commands: commands)
        try await second.sweep(keeping: [network])
        #expect(server.running()?.pid == pid)

        let lease = AddressLease(mac: "fa:16:3e:00:00:05", address: range.base.advanced(by: 5), hostname: "guest")
        try await second.updateLeases([lease], of: id)
        try await second.updateLeases([lease], of: id)
        #expect(server.writtenLeases() == [lease])
        #expect(server.running()?.pid == pid)

        try await plugs(marks, commands, network)

        // A foreign device is never touched, and is in the way.
        try await commands.run("ip", ["link", "add", "name", "other0", "type", "bridge"])
        try await commands.run("ip", ["address", "add", "10.88.0.9/24", "dev", "other0"])
        network.subnets[0].range = try #require(IPv4Range("10.88.0.0/16"))
        await #expect(throws: NovaError.self) { try await second.ensure(network) }

        try await second.remove(id)
        try await second.remove(id)
        #expect(try await commands.link(bridge) == nil)
        #expect(server.running() == nil)
        try await host.ensure(HostedNetwork(id: id, name: "n", bridge: bridge, mtu: 1400))
        #expect(try await NetworkTeardown.run(marks, commands: commands).contains(bridge))
        #expect(try await NetworkTeardown.run(marks, commands: commands).isEmpty)
        #expect(try await commands.link("other0") != nil)
    }

    private func plugs(_ marks: HostMarks, _ commands: HostCommands, _ network: HostedNetwork) async throws {
        let plug = LinuxHostPlug(marks: marks, commands: commands)
        var port = PortBinding()
        port.portID = .random()
        port.networkID = network.id
        port.bridge = network.bridge
        port.mac = "fa:16:3e:00:00:05"
        port.mtu = 1400
        let server = ServerID.random()
        let tap = try await plug.plug(port, serverID: server)
        #expect(try await plug.plug(port, serverID: server) == tap)
        let link = try #require(try await commands.link(tap))
        #expect(link == HostLink(name: tap, alias: marks.mark(of: port.portID), master: network.bridge))
        #expect(try await plug.sweep(keeping: [port.portID]).isEmpty)
        // Another host's driver does not take it for its own.
        let other = LinuxHostPlug(marks: HostMarks(cloudID: marks.cloudID, host: "host2"), commands: commands)
        #expect(try await other.sweep(keeping: []).isEmpty)
        try await other.unplug(port, serverID: server)
        #expect(try await commands.link(tap) != nil)
        #expect(try await plug.sweep(keeping: []) == [tap])
        try await plug.unplug(port, serverID: server)
        #expect(try await commands.link(tap) == nil)
        port.bridge = "nb0; reboot"
        await #expect(throws: NovaError.self) { try await plug.plug(port, serverID: server) }
        try await idleBridge(marks, commands)
    }

    /// nova-network of the same host may be making a bridge that carries nothing yet.
    private func idleBridge(_ marks: HostMarks, _ commands: HostCommands) async throws {
        let bridge = "nb0123456789"
        try await commands.run("ip", ["link", "add", "name", bridge, "type", "bridge"])
        try await commands.run("ip", ["link", "set", "dev", bridge, "alias", marks.mark(of: NetworkID.random())])
        let patient = LinuxHostPlug(marks: marks, commands: commands)
        let hasty = LinuxHostPlug(marks: marks, settling: .zero, commands: commands)
        for _ in 0..<2 { #expect(try await patient.sweep(keeping: []).isEmpty) }
        #expect(try await hasty.sweep(keeping: []).isEmpty)
        #expect(try await hasty.sweep(keeping: []) == [bridge])
        #expect(try await commands.link(bridge) == nil)
    }
}
