import Logging
import NovaCore
import NovaInterfaces
import NovaRPC

/// Tells the conductor every report interval that this scheduler lives, so that the list of services has it.
struct LifeSign: Sendable {
    /// Between tries as long as no conductor is there.
    private static let retry = Duration.seconds(1)

    let bus: RPCBus
    let hello: ServiceHello
    let interval: Duration
    let log: Logger

    /// Tells it until the task is cancelled.
    func run() async {
        var failures = 0
        while !Task.isCancelled {
            do {
                _ = try await bus.call(
                    hello, to: .topic(ServiceHello.topic), context: .system(), timeout: min(interval, .seconds(10)))
                failures = 0
            } catch {
                if Task.isCancelled { return }
                failures += 1
                // Once, and then now and then: an absent conductor must not fill the log.
                if failures % 60 == 5 { log.warning("no conductor takes this scheduler's report: \(NovaError(error))") }
            }
            do { try await SteadyClock.sleep(for: failures == 0 ? interval : min(interval, Self.retry)) } catch {
                return
            }
        }
    }
}
