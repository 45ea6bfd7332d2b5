import NovaCore
import NovaModel
import NovaScheduling
import Testing

@Suite("Groups, hints and aggregates")
struct GroupTests {
    @Test(arguments: [
        (ServerGroup.Policy.antiAffinity, Int64(1), ["a"], ["b", "c"]),
        (.antiAffinity, 2, ["a", "b", "b"], ["a", "c"]),
        (.affinity, 1, ["b"], ["b"]), (.affinity, 1, [], ["a", "b", "c"]),
        (.softAntiAffinity, 1, ["a", "b"], ["a", "b", "c"]), (.softAffinity, 1, ["a"], ["a", "b", "c"]),
    ])
    func policies(_ policy: ServerGroup.Policy, _ limit: Int64, _ members: [String], _ left: [String]) throws {
        let request = Fleet.request { $0.group = Fleet.group(policy, limit: limit, on: members) }
        let hosts = ["a", "b", "c"].map { Fleet.host($0) }
        var generator = SystemRandomNumberGenerator()
        let ranking = try Fleet.selector().rank(request, hosts, using: &generator)
        #expect(ranking.hosts.map(\.host).sorted() == left)
    }

    @Test func softPoliciesWeigh() {
        let host = Fleet.host("a")
        let affine = Fleet.request { $0.group = Fleet.group(.softAffinity, on: ["a", "a", "b"]) }
        #expect(ServerGroupSoftAffinityWeigher().weight(host, affine) == 2)
        #expect(ServerGroupSoftAntiAffinityWeigher().weight(host, affine) == 0)
        let apart = Fleet.request { $0.group = Fleet.group(.softAntiAffinity, on: ["a", "a", "b"]) }
        #expect(ServerGroupSoftAntiAffinityWeigher().weight(host, apart) == -2)
        #expect(ServerGroupSoftAffinityWeigher().weight(host, apart) == 0)
    }

    @Test func hintsNameHosts() {
        let same = Fleet.request { $0.sameHosts = SchedulingHosts(["a"]) }
        #expect(SameHostFilter().passes(Fleet.host("a"), same))
        #expect(!SameHostFilter().passes(Fleet.host("b"), same))
        #expect(!SameHostFilter().applies(to: Fleet.request()))
        let different = Fleet.request { $0.differentHosts = SchedulingHosts(["a"]) }
        #expect(!DifferentHostFilter().passes(Fleet.host("a"), different))
        #expect(DifferentHostFilter().passes(Fleet.host("b"), different))
        let none = Fleet.request { $0.differentHosts = SchedulingHosts() }
        #expect(DifferentHostFilter().passes(Fleet.host("a"), none))
    }

    @Test func aggregatesGiveZones() {
        let zoned = Fleet.host("a", aggregates: [Fleet.aggregate(["a"], ["availability_zone": "east"])])
        #expect(zoned.zone == "east")
        #expect(AvailabilityZoneFilter().passes(zoned, Fleet.request { $0.availabilityZone = "east" }))
        #expect(!AvailabilityZoneFilter().passes(zoned, Fleet.request { $0.availabilityZone = "nova" }))
        #expect(Fleet.host("b").zone == "nova")
    }

    @Test func aggregatesKeepHosts() {
        let ssd = Fleet.host("a", aggregates: [Fleet.aggregate(["a"], ["ssd": "true"])])
        let wanted = Fleet.request { $0.flavor.extraSpecs = ["aggregate_instance_extra_specs:ssd": "true"] }
        #expect(AggregateInstanceExtraSpecsFilter().passes(ssd, wanted))
        #expect(!AggregateInstanceExtraSpecsFilter().passes(Fleet.host("b"), wanted))
        let kept = Fleet.host("a", aggregates: [Fleet.aggregate(["a"], ["filter_tenant_id": "p1, p2"])])
        #expect(AggregateMultiTenancyIsolation().passes(kept, Fleet.request { $0.projectID = ProjectID("p2") }))
        #expect(!AggregateMultiTenancyIsolation().passes(kept, Fleet.request { $0.projectID = ProjectID("p3") }))
        let typed = Fleet.host("a", aggregates: [Fleet.aggregate(["a"], ["instance_type": "big"])])
        #expect(AggregateTypeAffinityFilter().passes(typed, Fleet.request { $0.flavor.name = "big" }))
        #expect(!AggregateTypeAffinityFilter().passes(typed, Fleet.request { $0.flavor.name = "small" }))
    }

    @Test func theTableTakesAggregates() {
        var table = HostTable()
        let record = Fleet.record("a")
        table.replace(hosts: [record], aggregates: [Fleet.aggregate(["a"], ["availability_zone": "east"])])
        #expect(table.states.map(\.zone) == ["east"])
        table.replace(hosts: [record], aggregates: [Fleet.aggregate(["a"], ["availability_zone": "west"])])
        #expect(table.states.map(\.zone) == ["west"])
        table.replace(hosts: [record], aggregates: [])
        #expect(table.states.map(\.zone) == ["nova"])
    }

    @Test func aRequestedHostMustPassTheFilters() throws {
        let hosts = [Fleet.host("a"), Fleet.host("b") { $0.isDisabled = true }]
        var generator = SystemRandomNumberGenerator()
        let selector = try Fleet.selector()
        let good = selector.rank(Fleet.request { $0.requestedHost = "a" }, hosts, using: &generator)
        #expect(good.hosts.map(\.host) == ["a"])
        let disabled = selector.rank(Fleet.request { $0.requestedHost = "b" }, hosts, using: &generator)
        #expect(disabled.hosts.isEmpty)
        #expect(disabled.explanation.eliminations.map(\.filter).contains("RequestedHost"))
    }
}
