import Logging
import NovaCore
import NovaInterfaces
import NovaModel
import NovaScheduling
import Synchronization

/// The host table and when each of its sources was asked last.
///
/// Reads take the ready list; one refresh runs at a time.
final class HostDirectory: Sendable {
    /// The sources, with how long an answer serves.
    enum Source: CaseIterable {
        case hosts, liveness, placement
        var lifetime: Duration {
            switch self {
            case .hosts: .seconds(60)  // fanouts tell of changes meanwhile
            case .liveness: .seconds(1)
            case .placement: .seconds(1)  // claims are checked by placement, so a stale view costs a retry only
            }
        }
    }

    private struct State {
        var table = HostTable()
        var asked: [Source: ContinuousClock.Instant] = [:]
        /// Those that have answered at least once.
        var answered: Set<Source> = []
    }

    /// How long a failed build counts against a host.
    static let failureLifetime = Duration.seconds(600)

    private let cloud: any CloudView
    private let log: Logger
    private let state = Mutex(State())
    private let gate = AsyncGate(limit: 1)

    init(cloud: any CloudView, log: Logger) {
        self.cloud = cloud
        self.log = log
    }

    /// All hosts, ordered by name.
    var hosts: [HostState] { state.withLock { $0.table.states } }

    func host(of provider: ProviderID) -> HostState? { state.withLock { $0.table.host(of: provider) } }

    func update(_ host: HostRecord) { state.withLock { $0.table.update(host) } }

    func update(_ provider: ProviderState) { state.withLock { $0.table.update(provider: provider) } }

    func noteFailures(of server: ServerID, on hosts: [String]) {
        let now = SteadyClock.now
        state.withLock {
            $0.table.noteFailures(of: server, on: hosts, now: now, until: now + Self.failureLifetime)
        }
    }

    /// Makes the next ``refresh()`` ask a source again.
    func expire(_ source: Source) { state.withLock { $0.asked[source] = nil } }

    /// Asks the sources whose answers are too old.
    ///
    /// - Throws: what a source throws that has never answered; later failures are logged, and the last answer serves.
    func refresh() async throws {
        guard !stale.isEmpty else { return }
        try await gate.with { [self] in
            for source in stale { try await ask(source) }
        }
    }

    private var stale: [Source] {
        let now = SteadyClock.now
        return state.withLock { state in
            Source.allCases.filter { source in state.asked[source].map { $0 + source.lifetime <= now } ?? true }
        }
    }

    private func ask(_ source: Source) async throws {
        let hasAnswer = state.withLock { state in
            // Noted before it is asked: what expires meanwhile is asked again.
            state.asked[source] = SteadyClock.now
            return state.answered.contains(source)
        }
        do {
            switch source {
            case .hosts:
                let answer = try await cloud.hosts()
                state.withLock { $0.table.replace(hosts: answer.hosts, aggregates: answer.aggregates) }
            case .liveness:
                let alive = try await cloud.aliveHosts()
                state.withLock { $0.table.update(alive: alive) }
            case .placement:
                let after = state.withLock { $0.table.sequence }
                let answer = try await cloud.snapshot(after: after)
                state.withLock {
                    $0.table.update(
                        providers: answer.providers, sequence: answer.sequence,
                        isComplete: after == 0 || answer.sequence < after)
                }
            }
        } catch {
            guard hasAnswer, !(error is CancellationError) else {
                expire(source)
                throw NovaError(error).during("asking for \(source)")
            }
            log.warning(
                "a source of the scheduler did not answer", metadata: ["source": "\(source)", "error": "\(error)"])
        }
        state.withLock { _ = $0.answered.insert(source) }
    }
}
