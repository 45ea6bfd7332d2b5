import NovaCore
import NovaMessaging
import NovaRPC
import Synchronization

/// Which daemons are up: what the broker knows of their connections, asked at most once a second.
final class HostLiveness: Sendable {
    private static let lifetime = Duration.seconds(1)
    private struct Known {
        var queues: Set<String> = []
        var at: ContinuousClock.Instant?
    }
    private let bus: RPCBus
    private let known = Mutex(Known())

    init(bus: RPCBus) { self.bus = bus }

    /// The names of queues that have a consumer: `compute.host1`, `conductor.ctl`.
    func liveQueues() async throws -> Set<String> {
        let fresh = known.withLock { known -> Set<String>? in
            guard let at = known.at, SteadyClock.now - at < Self.lifetime else { return nil }
            return known.queues
        }
        if let fresh { return fresh }
        let live = Set(try await bus.queues().filter { $0.consumers > 0 }.map(\.name))
        known.withLock { $0 = Known(queues: live, at: SteadyClock.now) }
        return live
    }
}
