import ArgumentParser
import NovaCore
import NovaRPC

/// The side that sends: calls, casts, fanouts, jobs.
///
///     calls echo|once WINDOW COUNT     casts WINDOW COUNT     fanout COUNT PAUSE-MS
///     jobs SEED COUNT PER-SECOND       load PER-SECOND SECONDS
struct CallerParty: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "caller", shouldDisplay: false)

    @OptionGroup var party: PartyOptions

    @Option(help: "The role: only a conductor may send to all compute hosts.")
    var role = "api"

    @Option(help: "The number of this process among those of its role.")
    var instance = 100

    @MainActor
    func run() async throws {
        PartyOptions.raiseLimits()
        let bus = try await party.connect(role, instance)
        let sender = BenchSender(bus: bus)
        try await PartyOptions.serve { words in
            let numbers = words.compactMap { Int($0) }
            switch (words.first, numbers.count) {
            case ("calls", 2):
                return words.count > 1 && words[1] == "once"
                    ? try await sender.calls(BenchOnce(BenchEcho.filling), window: numbers[0], count: numbers[1])
                    : try await sender.calls(BenchEcho(BenchEcho.filling), window: numbers[0], count: numbers[1])
            case ("casts", 2): return try await sender.casts(window: numbers[0], count: numbers[1])
            case ("fanout", 2): return try await sender.fanouts(count: numbers[0], pause: numbers[1])
            case ("jobs", 3):
                return try await sender.jobs(seed: UInt64(numbers[0]), count: numbers[1], perSecond: numbers[2])
            case ("load", 2): return await sender.load(perSecond: numbers[0], seconds: numbers[1])
            default: return "{\"error\": \"unknown\"}"
            }
        }
        await bus.close()
    }
}
