import NovaCore
import NovaModel
import NovaScheduling
import Testing

@Suite struct HostTableTests {
    private func provider(_ record: HostRecord, generation: Int64, usedMemory: Int64) -> ProviderState {
        var state = ProviderState()
        state.providerID = record.resources.providerID
        state.generation = generation
        state.inventories = Fleet.inventories(usedMemory: usedMemory)
        return state
    }

    @Test func piecesComeInAnyOrder() {
        let record = Fleet.record("a")
        var table = HostTable()
        table.update(alive: ["a"])
        table.update(providers: [provider(record, generation: 1, usedMemory: 100)], sequence: 5, isComplete: true)
        table.replace(hosts: [Fleet.record("b"), record])
        #expect(table.states.map(\.host) == ["a", "b"])
        #expect(table.states[0].isAlive && !table.states[1].isAlive)
        #expect(table.states[0].memory.used == 100)
        #expect(table.sequence == 5)
        #expect(table.host(of: record.resources.providerID)?.host == "a")
        table.replace(hosts: [record])
        #expect(table.states.map(\.host) == ["a"])
    }

    @Test func olderNewsIsIgnored() {
        let record = Fleet.record("a") { $0.updatedAt = Timestamp(microseconds: 5) }
        var table = HostTable()
        table.replace(hosts: [record])
        table.update(provider: provider(record, generation: 7, usedMemory: 700))
        table.update(provider: provider(record, generation: 6, usedMemory: 600))
        #expect(table.states[0].memory.used == 700)
        var older = record
        older.isDisabled = true
        older.updatedAt = Timestamp(microseconds: 4)
        table.update(older)
        #expect(!table.states[0].record.isDisabled)
    }

    @Test func failuresCountOncePerServerAndExpire() {
        var table = HostTable()
        table.replace(hosts: [Fleet.record("a"), Fleet.record("b")])
        let start = ContinuousClock.now
        let server = ServerID.random()
        for _ in 0..<3 {
            table.noteFailures(of: server, on: ["a"], now: start, until: start + .seconds(60))
        }
        table.noteFailures(of: .random(), on: ["a"], now: start, until: start + .seconds(90))
        #expect(table.states[0].failedBuilds == 2)
        table.noteFailures(of: server, on: [], now: start + .seconds(61), until: start + .seconds(99))
        #expect(table.states[0].failedBuilds == 1)
    }
}
