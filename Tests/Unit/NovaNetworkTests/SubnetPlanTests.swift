import NetworkDriver
import NovaCore
import Testing

@testable import NovaNetwork

@Suite("The addresses of a new subnet")
struct SubnetPlanTests {
    private let range = IPv4Range(IPv4Address(0x0A00_0000), prefix: 24)

    private func pool(_ first: UInt32, _ last: UInt32) throws -> ClosedRange<IPv4Address> {
        let base = try #require(range).base
        return base.advanced(by: first)...base.advanced(by: last)
    }

    @Test("The first address is the gateway, the rest one pool")
    func usual() throws {
        let plan = try SubnetPlan(#require(range))
        #expect(plan.gateway?.description == "10.0.0.1")
        #expect(plan.hostAddress == plan.gateway)
        #expect(plan.pools == [try pool(2, 254)])
    }

    @Test("A gateway in the middle parts the pool")
    func middle() throws {
        let plan = try SubnetPlan(#require(range), gateway: .address(IPv4Address(0x0A00_0064)))
        #expect(plan.pools == [try pool(1, 99), try pool(101, 254)])
    }

    @Test("Without a gateway the host keeps an address for DHCP")
    func closed() throws {
        let plan = try SubnetPlan(#require(range), gateway: .none)
        #expect(plan.gateway == nil)
        #expect(plan.hostAddress.description == "10.0.0.1")
        let given = try SubnetPlan(#require(range), gateway: .none, pools: [try pool(1, 9)])
        #expect(given.hostAddress.description == "10.0.0.10")
        #expect(throws: NovaError.self) { try SubnetPlan(#require(range), gateway: .none, pools: [pool(1, 254)]) }
    }

    @Test("Pools that do not fit are refused")
    func refused() throws {
        let range = try #require(range)
        #expect(throws: NovaError.self) { try SubnetPlan(range, pools: [pool(1, 9)]) }
        #expect(throws: NovaError.self) { try SubnetPlan(range, pools: [pool(2, 9), pool(9, 20)]) }
        #expect(throws: NovaError.self) { try SubnetPlan(range, pools: [pool(200, 300)]) }
        #expect(throws: NovaError.self) { try SubnetPlan(range, gateway: .address(IPv4Address(0x0B00_0001))) }
        #expect(throws: NovaError.self) { try SubnetPlan(#require(IPv4Range("10.0.0.0/31"))) }
    }
}
