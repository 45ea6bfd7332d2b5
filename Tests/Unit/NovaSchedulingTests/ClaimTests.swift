import DatabaseTestKit
import NovaCore
import NovaDatabase
import NovaModel
import NovaScheduling
import NovaWire
import PlacementStore
import Testing

@Suite struct ClaimTests {
    private func repository(_ kind: DatabaseKind) async throws -> PlacementRepository {
        PlacementRepository(try await kind.open(PlacementSchema.current))
    }

    private func claim(
        _ placement: PlacementRepository, _ server: ServerID, _ provider: ProviderID, memory: Int64,
        moving: Bool = false
    ) async throws -> ClaimResult {
        try await placement.claim(
            server, on: provider, [ResourceAmount("MEMORY_MB", memory)], project: ProjectID("p"), user: UserID("u"),
            moving: moving)
    }

    @Test func schemaAgreesWithItsMigrations() throws {
        #expect(try SchemaCheck.differences(PlacementSchema.current).isEmpty)
    }

    @Test(arguments: DatabaseKind.available) func whatAServerHoldsGoesToItsMigrationAndBack(kind: DatabaseKind)
        async throws
    {
        let placement = try await repository(kind)
        let (a, b, server, migration) = (ProviderID.random(), ProviderID.random(), ServerID.random(), ServerID.random())
        for (id, name) in [(a, "a"), (b, "b")] { try await placement.report(id, name: name, Fleet.inventories()) }
        func held(_ consumer: ServerID) async throws -> [String] {
            try await placement.allocations(of: consumer).allocations.map {
                "\($0.providerID == a ? "a" : "b") \($0.resourceClass) \($0.used)"
            }
        }
        _ = try await claim(placement, server, a, memory: 1000)
        // Twice: a step is repeated, and by then the server may hold something else.
        for _ in 0..<2 {
            try await placement.handOver(from: server, to: migration, on: a, replacing: false)
            #expect(try await held(migration) == ["a MEMORY_MB 1000"])
            _ = try await claim(placement, server, b, memory: 2000)
        }
        #expect(try await held(server) == ["b MEMORY_MB 2000"])
        // One that comes after the migration's end takes nothing of what the server holds elsewhere by then.
        try await placement.handOver(from: server, to: .random(), on: a, replacing: false)
        #expect(try await held(server) == ["b MEMORY_MB 2000"])
        #expect(try await placement.allocations(of: migration).consumer?.projectID == ProjectID("p"))
        for _ in 0..<2 {
            try await placement.handOver(from: migration, to: server, on: a, replacing: true)
            #expect(try await held(server) == ["a MEMORY_MB 1000"])
            #expect(try await held(migration) == [])
        }
        #expect(try await placement.allocations(of: migration).consumer == nil)
        #expect(try await placement.usageDifferences(limit: 10).isEmpty)
        #expect(try await placement.provider(b).inventories.allSatisfy { $0.used == 0 })
        await #expect(throws: NovaError.self) {
            try await placement.handOver(from: server, to: server, on: a, replacing: true)
        }
    }

    @Test(arguments: DatabaseKind.available) func claimsAreAllOrNoneAndIdempotent(kind: DatabaseKind) async throws {
        let placement = try await repository(kind)
        let (a, b, server) = (ProviderID.random(), ProviderID.random(), ServerID.random())
        for (id, name) in [(a, "a"), (b, "b")] { try await placement.report(id, name: name, Fleet.inventories()) }

        let first = try await claim(placement, server, a, memory: 1000)
        #expect(first.isNew)
        let again = try await claim(placement, server, a, memory: 1000)
        #expect(!again.isNew)
        #expect(again.state == first.state)
        let elsewhere = try await claim(placement, server, b, memory: 1000)
        #expect(elsewhere.state.providerID == a)
        let lookup = try await claim(placement, server, .none, memory: 1000)
        #expect(lookup.state.providerID == a)
        let larger = try await claim(placement, server, a, memory: 15872)
        #expect(larger.state.inventories.first { $0.resourceClass == "MEMORY_MB" }?.used == 15872)
        let tooLarge = await #expect(throws: NovaError.self) {
            _ = try await claim(placement, server, a, memory: 15873)
        }
        #expect(tooLarge?.code == .conflict)
        let kept = try await placement.allocations(of: server)
        #expect(kept.allocations.map(\.used) == [15872])
        let moved = try await claim(placement, server, b, memory: 10, moving: true)
        #expect(moved.state.providerID == b)
        let freed = try await placement.provider(a)
        #expect(freed.inventories.allSatisfy { $0.used == 0 })

        let missing = await #expect(throws: NovaError.self) {
            try await placement.claim(
                .random(), on: b, [ResourceAmount("MEMORY_MB", 1), ResourceAmount("VGPU", 1)], project: ProjectID("p"),
                user: UserID("u"))
        }
        #expect(missing?.code == .conflict)
        let usage = try await placement.usages(project: ProjectID("p"))
        #expect(usage.used == [ResourceAmount("MEMORY_MB", 10)])
        #expect(usage.consumers == 1)
        #expect(try await placement.release(server))
        #expect(try await !placement.release(server))
        let owner = try await placement.allocations(of: server).consumer
        #expect(owner == nil)
    }

    @Test(arguments: DatabaseKind.available) func theKeptUseIsTheSumOfAllocations(kind: DatabaseKind) async throws {
        let placement = try await repository(kind)
        let providers = [ProviderID.random(), .random()]
        for (index, id) in providers.enumerated() {
            try await placement.report(id, name: "host-\(index)", Fleet.inventories())
        }
        var random = SplitMix64(seed: 7)
        let servers = (0..<20).map { _ in ServerID.random() }
        for _ in 0..<300 {
            let server = servers[Int.random(in: 0..<20, using: &random)]
            if Bool.random(using: &random) {
                let provider = providers[Int.random(in: 0..<2, using: &random)]
                let memory = Int64.random(in: 1...700, using: &random)
                _ = try await claim(
                    placement, server, provider, memory: memory, moving: Bool.random(using: &random))
            } else {
                try await placement.release(server)
            }
        }
        // A new inventory must not forget the use.
        try await placement.report(providers[0], name: "host-0", Fleet.inventories(memory: 32768))
        let kept = try await placement.providers().flatMap(\.inventories).filter { $0.resourceClass == "MEMORY_MB" }
        let counted = try await placement.usages(project: ProjectID("p")).used
        #expect(counted == [ResourceAmount("MEMORY_MB", kept.reduce(0) { $0 + $1.used })])
        #expect(counted.first.map { $0.amount > 0 } == true)
    }

    @Test(arguments: DatabaseKind.available) func snapshotsTellWhatChanged(kind: DatabaseKind) async throws {
        let placement = try await repository(kind)
        let (a, b) = (ProviderID.random(), ProviderID.random())
        for (id, name) in [(a, "a"), (b, "b")] { try await placement.report(id, name: name, Fleet.inventories()) }
        let all = try await placement.snapshot(after: 0)
        #expect(all.providers.map(\.name) == ["a", "b"])
        #expect(try await !placement.report(a, name: "a", Fleet.inventories().reversed()))
        let none = try await placement.snapshot(after: all.sequence)
        #expect(none.providers.isEmpty)
        _ = try await claim(placement, .random(), b, memory: 5)
        let some = try await placement.snapshot(after: all.sequence)
        #expect(some.providers.map(\.providerID) == [b])
        #expect(some.sequence > all.sequence)
        let restored = try await placement.snapshot(after: some.sequence + 100)
        #expect(restored.providers.count == 2)
    }

    /// Many claimers with stale views: each ranks once at the start, so that they all run for the same hosts.
    @Test(.timeLimit(.minutes(1)), arguments: DatabaseKind.available) func concurrentClaimersNeverOversubscribe(
        kind: DatabaseKind
    ) async throws {
        let placement = try await repository(kind)
        let hosts = (0..<4).map { Fleet.host("h\($0)") }
        for host in hosts { try await placement.report(host.providerID, name: host.host, Fleet.inventories()) }
        let selector = try Fleet.selector()
        // 15872 MiB of each host hold 15 servers: 60 of the 100 find a place.
        let placed = try await withThrowingTaskGroup(of: Bool.self) { group in
            for seed in 0..<100 {
                group.addTask {
                    var generator = SplitMix64(seed: UInt64(seed))
                    let ranking = selector.rank(Fleet.request(memory: 1024), hosts, using: &generator)
                    let server = ServerID.random()
                    for host in ranking.hosts {
                        do {
                            _ = try await claim(placement, server, host.providerID, memory: 1024)
                            return true
                        } catch let error as NovaError where error.code == .conflict {
                            continue
                        }
                    }
                    return false
                }
            }
            return try await group.reduce(0) { $0 + ($1 ? 1 : 0) }
        }
        #expect(placed == 60)
        for provider in try await placement.providers() {
            for inventory in provider.inventories { #expect(inventory.used <= inventory.capacity) }
        }
    }
}
