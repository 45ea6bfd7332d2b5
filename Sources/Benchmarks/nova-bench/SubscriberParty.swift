import ArgumentParser
import NovaCore
import NovaRPC
import NovaWire
import Synchronization

/// Many subscribers of one fanout, each with a connection of its own.
struct SubscriberParty: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "subscribers", shouldDisplay: false)

    @OptionGroup var party: PartyOptions

    @Option(help: "How many subscribers.")
    var count = 50

    @Option(help: "The number of the first one.")
    var first = 1

    @MainActor
    func run() async throws {
        PartyOptions.raiseLimits()
        let heard = Heard()
        var buses: [RPCBus] = []
        for number in 0..<count {
            let bus = try await party.connect("compute", first + number)
            var dispatcher = RPCDispatcher()
            dispatcher.on(BenchShout.self) { shout, _ in
                heard.note(Int(shout.number), Measure.wall() - shout.sentAt)
                return Nothing()
            }
            try await bus.subscribe(dispatcher, fanout: "compute")
            buses.append(bus)
        }
        // Any line: the latest of each number, in ms, and how many heard it.
        try await PartyOptions.serve { _ in heard.text }
        for bus in buses { await bus.close() }
    }
}

private final class Heard: Sendable {
    private let latest = Mutex<[Int: (count: Int, nanoseconds: Double)]>([:])

    func note(_ number: Int, _ age: Double) {
        latest.withLock { latest in
            let before = latest[number] ?? (0, 0)
            latest[number] = (before.count + 1, max(before.nanoseconds, age))
        }
    }

    var text: String {
        let entries = latest.withLock { $0 }.sorted { $0.key < $1.key }
        let texts = entries.map { "[\($0.key), \($0.value.count), \($0.value.nanoseconds / 1e6)]" }
        return "{\"heard\": [\(texts.joined(separator: ", "))]}"
    }
}
