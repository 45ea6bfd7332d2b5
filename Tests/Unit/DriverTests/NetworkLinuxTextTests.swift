import NetworkDriver
import NovaCore
import Testing

@testable import NetworkLinux

@Suite("What the Linux network driver writes and reads")
struct NetworkLinuxTextTests {
    private let marks = HostMarks(cloudID: .random(), host: "host1")

    private func network(_ cidr: String, routed: Bool = true, dhcp: Bool = true) throws -> HostedNetwork {
        let range = try #require(IPv4Range(cidr))
        let subnet = HostedSubnet(
            id: .random(), range: range, hostAddress: range.base.advanced(by: 1), routed: routed, dns: ["9.9.9.9"],
            dhcp: dhcp)
        let id = NetworkID.random()
        return HostedNetwork(
            id: id, name: "n", bridge: NetworkNames.bridge(cloud: marks.cloudID, network: id), mtu: 1450,
            subnets: [subnet])
    }

    @Test("dnsmasq reads no configuration of the host and carries the cloud's id")
    func arguments() throws {
        let network = try network("10.5.0.0/16")
        let server = DHCPServer(statePath: "/var/lib/nova", cloud: marks.cloudID, network: network)
        let arguments = server.arguments
        let folder = "/var/lib/nova/network/\(marks.cloudID)/\(network.id)"
        for expected in [
            "--conf-file=/dev/null", "--port=0", "--bind-interfaces", "--except-interface=lo", "--dhcp-authoritative",
            "--interface=\(network.bridge)", "--pid-file=\(folder)/pid", "--dhcp-leasefile=\(folder)/leases",
            "--dhcp-hostsfile=\(folder)/hosts", "--dhcp-option=option:mtu,1450", "--dhcp-lease-max=65536",
        ] { #expect(arguments.contains(expected)) }
        let tag = "s\(try #require(network.subnets.first).id.uuid.hex.prefix(8))"
        #expect(arguments.contains("--dhcp-range=set:\(tag),10.5.0.0,static,255.255.0.0,86400s"))
        #expect(arguments.contains("--dhcp-option=tag:\(tag),option:router,10.5.0.1"))
        #expect(arguments.contains("--dhcp-option=tag:\(tag),option:dns-server,9.9.9.9"))
    }

    @Test("A subnet without a gateway gives no router, one without DHCP needs no dnsmasq")
    func withoutGateway() throws {
        let closed = DHCPServer(
            statePath: "/s", cloud: marks.cloudID, network: try network("10.5.0.0/24", routed: false))
        #expect(closed.arguments.contains { $0.hasSuffix(",option:router") })
        let silent = DHCPServer(statePath: "/s", cloud: marks.cloudID, network: try network("10.5.0.0/24", dhcp: false))
        #expect(closed.isNeeded)
        #expect(!silent.isNeeded)
    }

    @Test("Host names that dnsmasq would misread are left out")
    func hosts() throws {
        func line(_ name: String) -> String {
            DHCPServer.hosts([AddressLease(mac: "fa:16:3e:00:00:01", address: IPv4Address(0x0A00_0005), hostname: name)]
            )
        }
        #expect(line("Web-1.example") == "fa:16:3e:00:00:01,10.0.0.5,web-1\n")
        #expect(line("a,b\nc") == "fa:16:3e:00:00:01,10.0.0.5,abc\n")
        for name in ["", "ignore", "123", "-", "infinite"] { #expect(line(name) == "fa:16:3e:00:00:01,10.0.0.5\n") }
    }

    @Test("NAT is one atomic script of marked rules, and networks stay apart")
    func nat() throws {
        let (first, second) = (try network("10.5.0.0/16"), try network("10.6.0.0/16", routed: false))
        let script = NATScript.text([first, second], marks: marks)
        #expect(script.hasPrefix("table ip \(marks.nftTable)\ndelete table ip \(marks.nftTable)\n"))
        #expect(
            script.contains("ip saddr 10.5.0.0/16 ip daddr != 10.5.0.0/16 oifname != \"\(first.bridge)\" masquerade"))
        #expect(script.contains("comment \"\(marks.mark(of: first.id))\""))
        #expect(script.contains("iifname \"\(first.bridge)\" oifname \"nb*\" oifname != \"\(first.bridge)\" drop"))
        #expect(!script.contains("10.6.0.0"))
        #expect(NATScript.text([second], marks: marks).split(separator: "\n").count == 2)
        let long = HostMarks(cloudID: marks.cloudID, host: String(repeating: "h", count: 200))
        let comments = NATScript.text([first], marks: long).split(separator: "\"").filter { $0.hasPrefix("nova:") }
        #expect(comments.count == 2)
        #expect(comments.allSatisfy { $0.utf8.count < 128 })
    }

    @Test("Links and addresses are read from what ip prints")
    func links() {
        let text = """
            2: nbtest: <UP> mtu 1400 qdisc noqueue state UNKNOWN\\    link/ether 46:d0:e7:66:25:55 brd ff:ff:ff:ff:ff:ff\\    alias nova:a:b:network:c
            3: veth0@if2: <UP> mtu 1400 qdisc pfifo_fast master nbtest state DOWN\\    link/ether 46:d0:e7:66:25:55
            rubbish
            """
        #expect(
            HostLink.parse(text) == [
                HostLink(name: "nbtest", alias: "nova:a:b:network:c", master: nil),
                HostLink(name: "veth0", alias: "", master: "nbtest"),
            ])
        let address = HostAddress.parse("2: nbtest    inet 10.9.0.1/16 scope global nbtest\\  valid_lft forever\n")
        #expect(address == [HostAddress(device: "nbtest", address: IPv4Address(0x0A09_0001), prefix: 16)])
    }

    @Test("A DHCP release is a BOOTP message of a guest")
    func release() {
        let message = DHCPRelease.message(
            mac: [0xFA, 0x16, 0x3E, 0, 0, 1], address: IPv4Address(0x0A00_0005), server: IPv4Address(0x0A00_0001))
        #expect(message.count == 300)
        #expect(Array(message[0..<4]) == [1, 1, 6, 0])
        #expect(Array(message[12..<16]) == [10, 0, 0, 5])
        #expect(Array(message[28..<34]) == [0xFA, 0x16, 0x3E, 0, 0, 1])
        #expect(Array(message[236..<250]) == [99, 130, 83, 99, 53, 1, 7, 54, 4, 10, 0, 0, 1, 255])
    }
}
