import Glibc
import NovaCore
import NovaRPC

/// Sends what the measurements need, and says in JSON how it went.
struct BenchSender: Sendable {
    private static let topic = RPCTarget.topic("conductor")

    let bus: RPCBus
    private let context = RequestContext.system()

    init(bus: RPCBus) { self.bus = bus }

    /// Calls with so many under way at once.
    func calls<M: RPCMethod>(_ method: M, window: Int, count: Int) async throws -> String {
        let start = Measure.wall()
        let times = try await inParallel(window, count) {
            let before = Measure.wall()
            _ = try await bus.call(method, to: Self.topic, context: context)
            return (Measure.wall() - before) / 1_000
        }
        let seconds = (Measure.wall() - start) / 1e9
        return """
            {"p50": \(Measure.percentile(times, 0.5)), "p99": \(Measure.percentile(times, 0.99)), \
            "count": \(times.count), "seconds": \(seconds)}
            """
    }

    /// Casts; the worker knows when the last one came.
    func casts(window: Int, count: Int) async throws -> String {
        let start = Measure.wall()
        let refusals = try await inParallel(window, count) { try await cast() }
        return """
            {"start": \(start / 1e9), "count": \(refusals.count), "refused": \(refusals.reduce(0, +))}
            """
    }

    /// Casts until the queue has room; how often it had none.
    private func cast() async throws -> Double {
        for refusals in 0..<10_000 {
            do {
                try await bus.cast(BenchNote(BenchEcho.filling), to: Self.topic, context: context)
                return Double(refusals)
            } catch let error as NovaError where error.code == .queueFull {
                try await Task.sleep(for: .milliseconds(5))
            }
        }
        throw NovaError(.queueFull, "The queue is full for a minute.")
    }

    /// Fanouts, one after the other.
    func fanouts(count: Int, pause: Int) async throws -> String {
        for number in 0..<count {
            var shout = BenchShout()
            shout.number = Int64(number)
            shout.payload = BenchEcho.filling
            shout.sentAt = Measure.wall()
            try await bus.fanout(shout, topic: "compute", context: context)
            try await Task.sleep(for: .milliseconds(pause))
        }
        return "{\"count\": \(count)}"
    }

    /// Jobs that come at random, 90 % of 20 ms and 10 % of 400 ms; tells of each when it came, began and ended.
    func jobs(seed: UInt64, count: Int, perSecond: Int) async throws -> String {
        var random = BenchRandom(state: seed)
        var due = Measure.wall() / 1e9 + 0.1
        let all = try await withThrowingTaskGroup(of: (came: Double, times: BenchJobTimes).self) { group in
            for _ in 0..<count {
                due += random.pause(perSecond: Double(perSecond))
                let job = BenchJob(milliseconds: Double.random(in: 0..<1, using: &random) < 0.1 ? 400 : 20)
                let wait = due - Measure.wall() / 1e9
                if wait > 0 { try await Task.sleep(for: .seconds(wait), tolerance: .zero) }
                let came = Measure.wall() / 1e9
                group.addTask { (came, try await bus.call(job, to: Self.topic, context: context)) }
            }
            var all: [(came: Double, times: BenchJobTimes)] = []
            for try await job in group { all.append(job) }
            return all
        }
        let texts = all.map { "[\($0.came), \($0.times.began), \($0.times.ended)]" }
        return "{\"jobs\": [\(texts.joined(separator: ", "))]}"
    }

    /// A steady load of calls that run once, calls that may run again, and casts, at most 1,000 under way.
    func load(perSecond: Int, seconds: Int) async -> String {
        let ledger = LoadLedger()
        let start = Measure.wall()
        await withDiscardingTaskGroup { group in
            for number in 0..<perSecond * seconds {
                let wait = Int64(start + Double(number) / Double(perSecond) * 1e9 - Measure.wall())
                // In steps of 5 ms: a thousand timers a second would be a load of their own.
                if wait > 0 { try? await Task.sleep(for: .nanoseconds(max(wait, 5_000_000))) }  // not cancelled
                guard ledger.begin() else { continue }
                group.addTask { ledger.end(await failure(of: number)) }
            }
        }
        return ledger.text
    }

    /// Sends one message of the load; the code of what went wrong.
    private func failure(of number: Int) async -> String? {
        do {
            switch number % 10 {
            case 0: try await bus.cast(BenchNote(BenchEcho.filling), to: Self.topic, context: context)
            case 1...3: _ = try await bus.call(BenchEcho(BenchEcho.filling), to: Self.topic, context: context)
            default: _ = try await bus.call(BenchOnce(BenchEcho.filling), to: Self.topic, context: context)
            }
            return nil
        } catch {
            return "\(NovaError(error).code)"
        }
    }

    /// Runs a body so many times in all, some at once; what it answered, sorted.
    private func inParallel(
        _ window: Int, _ count: Int, _ body: @escaping @Sendable () async throws -> Double
    ) async throws -> [Double] {
        try await withThrowingTaskGroup(of: [Double].self) { group in
            for number in 0..<window {
                let share = count / window + (number < count % window ? 1 : 0)
                group.addTask {
                    var results: [Double] = []
                    results.reserveCapacity(share)
                    for _ in 0..<share { results.append(try await body()) }
                    return results
                }
            }
            var all: [Double] = []
            for try await results in group { all += results }
            return all.sorted()
        }
    }
}

/// Random numbers that are the same in each run with the same seed.
private struct BenchRandom: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var value = state
        value = (value ^ (value >> 30)) &* 0xBF58_476D_1CE4_E5B9
        value = (value ^ (value >> 27)) &* 0x94D0_49BB_1331_11EB
        return value ^ (value >> 31)
    }

    /// The time until the next one comes, in seconds: -ln(U) / rate.
    mutating func pause(perSecond rate: Double) -> Double {
        -log(Double.random(in: 1e-12..<1, using: &self)) / rate
    }
}
