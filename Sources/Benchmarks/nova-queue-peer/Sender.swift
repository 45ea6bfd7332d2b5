import NovaCore
import NovaRPC

/// Sends calls and casts at a rate, and writes down what became of each.
struct Sender {
    /// So many may wait for their end at once; then some are left out.
    private static let openLimit = 1_000

    let bus: RPCBus
    let log: EventLog
    let topics: [String]
    let rate: Double
    /// The time that callers give, in milliseconds.
    let deadlines: ClosedRange<Int64>
    let calls: Double

    /// Sends for a time, and returns when all that was sent is at its end.
    func run(for time: Duration) async {
        let end = ContinuousClock.now + time
        var next = ContinuousClock.now
        await withDiscardingTaskGroup { group in
            let gate = OpenCount()
            while ContinuousClock.now < end, !Task.isCancelled {
                if gate.enter(limit: Self.openLimit) {
                    group.addTask {
                        await one()
                        gate.leave()
                    }
                }
                // From now on when the process stood still: what was left out is not made up for.
                next = max(next, .now) + .seconds(Double.random(in: 0.5...1.5) / rate)
                do { try await Task.sleep(until: next) } catch { return }
            }
        }
    }

    private func one() async {
        let time = Int64.random(in: 1...10) <= 7 ? Int64.random(in: 1...60) : Int64.random(in: 200...1_500)
        if Double.random(in: 0..<1) < 0.4 {
            await one(WorkAgain(time: time), "again")
        } else {
            await one(WorkOnce(time: time), "once")
        }
    }

    private func one<M: Work>(_ work: M, _ kind: String) async {
        let context = RequestContext(isAdmin: true)
        let id = context.requestID.dropFirst(4)
        let topic = topics.randomElement() ?? "conductor"
        do {
            if Double.random(in: 0..<1) < calls {
                let limit = Int64.random(in: deadlines)
                log.write("submitted \(id) call \(kind) \(EventLog.now() + limit) \(topic) \(work.time)")
                _ = try await bus.call(work, to: .topic(topic), context: context, timeout: .milliseconds(limit))
            } else {
                let limit = M.timeout.components.seconds * 1000
                log.write("submitted \(id) cast \(kind) \(EventLog.now() + limit) \(topic) \(work.time)")
                try await bus.cast(work, to: .topic(topic), context: context)
            }
            log.write("answered \(id) ok")
        } catch {
            log.write("answered \(id) \(NovaError(error).code)")
        }
    }
}
