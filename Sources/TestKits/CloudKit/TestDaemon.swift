#if DEBUG
import CommonTestKit
import Logging
import NovaConfig
import NovaCore
import NovaFaults
import NovaMessaging
import NovaRPC
public import NovaService
import NovaTelemetry
import Synchronization

/// One daemon of a test's cloud: it can be killed, frozen and started again.
public final class TestDaemon: Sendable {
    struct Process: Sendable {
        let life: DaemonLife
        let bus: RPCBus
        let service: any RunnableService
        let task: Task<Void, Never>
        let hasEnded: EndMark
    }

    /// The daemon whose code runs, if it is one of a test's cloud; not in the handlers of its messages.
    @TaskLocal public static var current: TestDaemon?

    public let host: String
    private let factory: ServiceFactory
    private let endpoint: String
    private let config: Configuration
    private let statePath: String
    private let cloudID: CloudID
    private let skew: Duration
    private let process = Mutex<Process?>(nil)
    private let past = Mutex<[Process]>([])

    init(
        _ factory: ServiceFactory, host: String, endpoint: String, config: Configuration, statePath: String,
        cloudID: CloudID, skew: Duration = .zero
    ) {
        self.factory = factory
        self.host = host
        self.endpoint = endpoint
        self.config = config
        self.statePath = statePath
        self.cloudID = cloudID
        self.skew = skew
    }

    /// The service that runs now.
    public var service: (any RunnableService)? { process.withLock { $0?.service } }

    /// Starts it, unless it runs; returns when it can work.
    public func start() async throws {
        guard process.withLock({ $0 == nil }) else { return }
        let life = DaemonLife()
        let log = Logger(label: host) { _ in SwiftLogNoOpLogHandler() }
        let health = HealthRegistry()
        let context = ServiceContext(
            name: factory.name, config: config, log: log,
            bus: try await RPCBus.connect(
                to: [endpoint], role: factory.role, host: host, instance: "1", log: log),
            metrics: MetricsRegistry(), health: health, host: host, statePath: statePath, cloudID: cloudID)
        let started = try await FaultPlan.$daemon.withValue({ try await life.pass() }) {
            try await inMyName {
                let service = try await factory.make(context)
                let hasEnded = EndMark()
                let task = Task {
                    do { try await service.run() } catch {}  // a killed one ends with an error
                    hasEnded.set()
                }
                return Process(life: life, bus: context.bus, service: service, task: task, hasEnded: hasEnded)
            }
        }
        process.withLock { $0 = started }
        try await until("\(factory.name) on \(host) is ready") { health.isReady }
    }

    private func inMyName<T: Sendable>(_ body: () async throws -> T) async throws -> T {
        try await Self.$current.withValue(self) { try await ClockSkew.$current.withValue(skew) { try await body() } }
    }

    /// Ends it as SIGKILL does: nothing more is written or said, and what it knew is lost.
    public func kill() async {
        guard let process = process.withLock({ $0.take() }) else { return }
        process.life.die()
        past.withLock { $0.append(process) }
        await process.bus.vanish()
        process.task.cancel()
    }

    /// The same from inside: whoever calls it stands still then.
    public func killHere() async throws {
        let life = process.withLock { $0?.life }
        await kill()
        try await life?.pass()
    }

    /// Lets it stand still wherever it comes to a fault point, as SIGSTOP does; whoever calls it stands still too.
    public func freezeHere() async throws {
        let life = process.withLock { $0?.life }
        life?.freeze()
        try await life?.pass()
    }

    public func thaw() { process.withLock { $0?.life }?.thaw() }

    /// Ends it in good order.
    func stop() async {
        if let process = process.withLock({ $0.take() }) {
            process.life.thaw()
            process.task.cancel()
            await wait(for: process)
            await process.bus.vanish()
        }
        for process in past.withLock({ $0 }) {
            process.life.bury()
            await wait(for: process)
        }
    }

    private func wait(for process: Process) async {
        do {
            try await until("the end of \(factory.name)", within: .seconds(20)) { process.hasEnded.isSet }
        } catch {
            print("\(factory.name) on \(host) did not end", process.life.isBuried ? "after it was killed" : "by itself")
        }
    }

    /// Set when a process has ended.
    final class EndMark: Sendable {
        private let state = Mutex(false)
        var isSet: Bool { state.withLock { $0 } }
        func set() { state.withLock { $0 = true } }
    }
}
#endif
