import NovaCore
import NovaModel
import NovaScheduling
import Testing

@Suite("Hosts for many servers at once")
struct HostPlanTests {
    private var generator = SplitMix64(seed: 1)

    private func plan(_ hosts: [HostState], after planned: [PlannedLoad] = []) throws -> HostPlan {
        HostPlan(try Fleet.selector(), hosts, after: planned)
    }

    @Test("what one takes is not there for the next")
    mutating func spread() throws {
        var plan = try plan([Fleet.host("a"), Fleet.host("b")])
        let places = (0..<4).map { _ in plan.place(Fleet.request(), using: &generator).selection?.host }
        #expect(places == ["a", "b", "a", "b"])
    }

    @Test("full hosts are told with what is missing, the server's own host is not")
    mutating func full() throws {
        var plan = try plan([Fleet.host("a"), Fleet.host("home")])
        let request = Fleet.request(memory: 10_000) { $0.ignoredHosts = ["home"] }
        #expect(plan.place(request, using: &generator).selection?.host == "a")
        let refusal = plan.place(request, using: &generator)
        #expect(refusal.selection == nil)
        #expect(refusal.refusal == "No host can take it. RamFilter: a 5872 of 15872 MiB free, 10000 wanted.")
    }

    @Test("what is planned already counts")
    mutating func planned() throws {
        let (a, b) = (Fleet.host("a"), Fleet.host("b"))
        let load = PlannedLoad(a.providerID, [ResourceAmount("MEMORY_MB", 8000)])
        var plan = try plan([a, b], after: [load])
        #expect(plan.place(Fleet.request(), using: &generator).selection?.host == "b")
    }

    @Test("servers of a group count where they are to come, in the same plan and in one before")
    mutating func groups() throws {
        var group = Fleet.group(.antiAffinity, on: ["home"])
        group.id = .random()
        let request = Fleet.request { ($0.ignoredHosts, $0.group) = (["home"], group) }
        var plan = try plan([Fleet.host("a"), Fleet.host("b"), Fleet.host("home")])
        let places = (0..<2).map { _ in plan.place(request, using: &generator).selection?.host }
        #expect(Set(places) == ["a", "b"])
        let refusal = plan.place(request, using: &generator).refusal
        #expect(refusal.contains("ServerGroupAntiAffinityFilter: a 1 servers of the group are there"))
        // Another group has its own.
        group.id = .random()
        let other = Fleet.request { ($0.ignoredHosts, $0.group) = (["home"], group) }
        #expect(plan.place(other, using: &generator).selection != nil)
        var next = HostPlan(
            try Fleet.selector(), [Fleet.host("a"), Fleet.host("b")], after: [], [PlannedMember(group.id, on: "a")])
        #expect(next.place(other, using: &generator).selection?.host == "b")
    }

    @Test("without another host there is none to name")
    mutating func alone() throws {
        var plan = try plan([Fleet.host("home")])
        let place = plan.place(Fleet.request { $0.ignoredHosts = ["home"] }, using: &generator)
        #expect(place.refusal == "No other host is there that could take it.")
    }
}
