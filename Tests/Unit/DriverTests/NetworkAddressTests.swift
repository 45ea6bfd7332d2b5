import NetworkDriver
import NovaCore
import Testing

@Suite("IPv4 addresses and device names")
struct NetworkAddressTests {
    @Test(
        "Addresses are read strictly",
        arguments: ["", "1.2.3", "1.2.3.4.5", "256.1.1.1", "01.2.3.4", "1.2.3.x", "1..2.3", "+1.2.3.4"])
    func badAddresses(text: String) { #expect(IPv4Address(text) == nil) }

    @Test("An address prints as it was read")
    func address() {
        #expect(IPv4Address("10.0.255.1")?.description == "10.0.255.1")
        #expect(IPv4Address("10.0.255.255")?.advanced(by: 1).description == "10.1.0.0")
    }

    @Test(
        "Ranges are read strictly",
        arguments: ["10.0.0.0", "10.0.0.1/24", "10.0.0.0/33", "10.0.0.0/-1", "10.0.0.0/ 8", "/8"])
    func badRanges(text: String) { #expect(IPv4Range(text) == nil) }

    @Test("A range knows its edges")
    func range() throws {
        let range = try #require(IPv4Range("10.0.0.0/16"))
        #expect(range.mask.description == "255.255.0.0")
        #expect(range.broadcast.description == "10.0.255.255")
        #expect(range.usable?.lowerBound.description == "10.0.0.1")
        #expect(range.usable?.upperBound.description == "10.0.255.254")
        #expect(try range.overlaps(#require(IPv4Range("10.0.5.0/24"))))
        #expect(try !range.overlaps(#require(IPv4Range("10.1.0.0/16"))))
        #expect(IPv4Range("10.0.0.0/31")?.usable == nil)
        #expect(IPv4Range("0.0.0.0/0")?.broadcast.description == "255.255.255.255")
    }

    @Test("Device names fit the kernel's 15 characters and stay the same")
    func names() throws {
        let cloud = try #require(CloudID("11111111-2222-4333-8444-555555555555"))
        let network = try #require(NetworkID("aaaaaaaa-bbbb-4ccc-8ddd-eeeeeeeeeeee"))
        let port = try #require(PortID("01234567-89ab-4cde-8f01-23456789abcd"))
        let bridge = NetworkNames.bridge(cloud: cloud, network: network)
        #expect(bridge.utf8.count == 13)
        #expect(bridge.hasPrefix("nb"))
        #expect(bridge == NetworkNames.bridge(cloud: cloud, network: network))
        #expect(bridge != NetworkNames.bridge(cloud: .random(), network: network))
        #expect(NetworkNames.tap(port) == "nt0123456789a")
        #expect(NetworkNames.bridgeMAC(bridge).hasPrefix("0a:"))
        #expect(NetworkNames.bridgeMAC(bridge).utf8.count == 17)
        #expect(NetworkNames.tapMAC(guest: "fa:16:3e:00:00:01") == "fe:16:3e:00:00:01")
    }

    @Test("Marks are read back by their own host only")
    func marks() throws {
        let cloud = CloudID.random()
        let (network, port) = (NetworkID.random(), PortID.random())
        let marks = HostMarks(cloudID: cloud, host: "host 1\n")
        #expect(marks.host == "host_1_")
        #expect(marks.mark(of: network) == "nova:\(cloud):host_1_:network:\(network)")
        #expect(marks.port(markedBy: marks.mark(of: port)) == port)
        #expect(marks.network(markedBy: marks.mark(of: network)) == network)
        #expect(marks.port(markedBy: marks.mark(of: network)) == nil)
        let other = HostMarks(cloudID: cloud, host: "host2")
        #expect(other.network(markedBy: marks.mark(of: network)) == nil)
        #expect(HostMarks(cloudID: .random(), host: "host_1_").port(markedBy: marks.mark(of: port)) == nil)
        #expect(marks.nftTable == "nova_\(cloud.description.prefix(8))")
    }
}
