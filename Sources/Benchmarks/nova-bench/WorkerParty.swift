import ArgumentParser
import NovaCore
import NovaRPC
import NovaWire
import Synchronization

/// One or more workers of a topic, each with a connection of its own.
struct WorkerParty: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "worker", shouldDisplay: false)

    @OptionGroup var party: PartyOptions

    @Option(help: "Messages that one worker runs at once.")
    var slots = 512

    @Option(help: "How many workers.")
    var count = 1

    @MainActor
    func run() async throws {
        PartyOptions.raiseLimits()
        let notes = Notes()
        var buses: [RPCBus] = []
        for number in 0..<max(1, count) {
            let bus = try await party.connect("conductor", number)
            try await bus.serve(Self.dispatcher(notes), topic: "conductor", host: nil, slots: slots)
            buses.append(bus)
        }
        try await PartyOptions.serve { words in
            // "notes N": when the Nth note since the last question came.
            let count = words.count == 2 && words[0] == "notes" ? Int(words[1]) : nil
            guard let count else { return "{\"error\": \"unknown\"}" }
            let at = await notes.reached(count)
            return "{\"at\": \(at ?? 0), \"count\": \(notes.take())}"
        }
        for bus in buses { await bus.close() }
    }

    private static func dispatcher(_ notes: Notes) -> RPCDispatcher {
        // 256 bytes with what stands around them.
        let answer = BenchAnswer(String(repeating: "y", count: 252))
        var dispatcher = RPCDispatcher()
        dispatcher.on(BenchEcho.self) { _, _ in answer }
        dispatcher.on(BenchOnce.self) { _, _ in answer }
        dispatcher.on(BenchNote.self) { _, _ in
            notes.add()
            return Nothing()
        }
        dispatcher.on(BenchJob.self) { job, _ in
            var times = BenchJobTimes()
            times.began = Measure.wall() / 1e9
            try await Task.sleep(for: .milliseconds(job.milliseconds), tolerance: .zero)
            times.ended = Measure.wall() / 1e9
            return times
        }
        return dispatcher
    }
}

/// Counts messages.
private final class Notes: Sendable {
    private let state = Mutex((count: 0, last: 0.0))

    func add() {
        state.withLock { state in
            state.count += 1
            state.last = Measure.wall() / 1e9
        }
    }

    /// When so many had come; nil when they have not within 10 seconds.
    func reached(_ count: Int) async -> Double? {
        let end = Measure.wall() + 10e9
        while Measure.wall() < end {
            let last = state.withLock { $0.count >= count ? $0.last : nil }
            if let last { return last }
            try? await Task.sleep(for: .milliseconds(2))  // nobody cancels it
        }
        return nil
    }

    /// The count, which begins anew.
    func take() -> Int {
        state.withLock { state in
            defer { state.count = 0 }
            return state.count
        }
    }
}
