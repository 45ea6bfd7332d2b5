import NovaCore
import NovaModel
import NovaScheduling
import Testing

@Suite struct SelectorTests {
    private func rank(
        _ request: SchedulingRequest, _ hosts: [HostState], subset: Int = 1, shufflesTies: Bool = false,
        seed: UInt64 = 1
    ) throws -> HostSelector.Ranking {
        var generator = SplitMix64(seed: seed)
        return try Fleet.selector(subset: subset, shufflesTies: shufflesTies).rank(request, hosts, using: &generator)
    }

    @Test func theFreestHostWins() throws {
        let hosts = [
            Fleet.host("a", usedMemory: 8000), Fleet.host("b", usedMemory: 100), Fleet.host("c", usedMemory: 4000),
        ]
        let ranking = try rank(Fleet.request(), hosts)
        #expect(ranking.hosts.map(\.host) == ["b", "c", "a"])
        #expect(ranking.explanation.weights.first?.weight == 1)
        #expect(ranking.explanation.weights.first?.parts == ["RAMWeigher": "1.0"])
        #expect(ranking.explanation.weights.last?.weight == 0)
    }

    @Test func failedBuildsAndLoadPushHostsBack() throws {
        let hosts = [
            Fleet.host("a", failedBuilds: 1), Fleet.host("b", usedMemory: 9000),
            Fleet.host("c", usedMemory: 4500, ioOperations: 3),
        ]
        #expect(try rank(Fleet.request(), hosts).hosts.map(\.host) == ["b", "c", "a"])
    }

    @Test func equalHostsKeepTheirOrder() throws {
        let hosts = ["a", "b", "c"].map { Fleet.host($0) }
        #expect(try rank(Fleet.request(), hosts).hosts.map(\.host) == ["a", "b", "c"])
    }

    @Test func theExplanationCountsAndNamesReasons() throws {
        let hosts = [
            Fleet.host("a", isAlive: false), Fleet.host("b", usedMemory: 15800), Fleet.host("c"),
            Fleet.host("d", zone: "east"),
        ]
        let request = Fleet.request { request in
            request.availabilityZone = "nova"
            request.ignoredHosts = ["c"]
        }
        let ranking = try rank(request, hosts)
        #expect(ranking.hosts.isEmpty)
        #expect(ranking.explanation.hostsConsidered == 4)
        let steps = ranking.explanation.eliminations.map { "\($0.filter) \($0.hostsBefore) \($0.hostsAfter)" }
        #expect(
            steps == [
                "IgnoredHosts 4 3", "ComputeFilter 3 2", "AvailabilityZoneFilter 2 1", "CoreFilter 1 1",
                "RamFilter 1 0",
            ])
        #expect(ranking.explanation.eliminations.last?.removed == ["b": "72 of 15872 MiB free, 512 wanted"])
        let error = NoValidHost.error(ranking.explanation)
        #expect(error.code == .noValidHost)
        #expect(error.message == "No valid host was found.")
        #expect(error.details.contains("RamFilter: 1 -> 0 (b: 72 of 15872 MiB free, 512 wanted)"))
    }

    @Test func aForcedHostSkipsFiltersButMustLive() throws {
        let hosts = [Fleet.host("a") { $0.isDisabled = true }, Fleet.host("b"), Fleet.host("c", isAlive: false)]
        #expect(try rank(Fleet.request { $0.forcedHost = "a" }, hosts).hosts.map(\.host) == ["a"])
        #expect(try rank(Fleet.request { $0.forcedHost = "c" }, hosts).hosts.isEmpty)
    }

    @Test func aSeedDecidesAmongTheBest() throws {
        let hosts = (0..<10).map { Fleet.host("h\($0)", usedMemory: Int64($0) * 100) }
        let picks = try (0..<50).map { try rank(Fleet.request(), hosts, subset: 3, seed: $0).hosts[0].host }
        let again = try (0..<50).map { try rank(Fleet.request(), hosts, subset: 3, seed: $0).hosts[0].host }
        #expect(picks == again)
        #expect(Set(picks) == ["h0", "h1", "h2"])
        let ties = (0..<10).map { Fleet.host("h\($0)") }
        let shuffled = try (0..<20).map { try rank(Fleet.request(), ties, shufflesTies: true, seed: $0).hosts[0].host }
        #expect(Set(shuffled).count > 1)
    }

    @Test func explanationsAreBounded() throws {
        let hosts = (0..<1000).map { Fleet.host("h\($0)", usedMemory: Int64($0), isAlive: $0 % 2 == 0) }
        let ranking = try rank(Fleet.request(), hosts)
        #expect(ranking.hosts.count == 500)
        #expect(ranking.explanation.weights.count == HostSelector.explained)
        #expect(ranking.explanation.eliminations.allSatisfy { $0.removed.count <= HostSelector.explained })
    }
}
