#if DEBUG
public import DatabaseTestKit
import Glibc
import Logging
import NetworkDriver
import NetworkFake
import NovaCompute
import NovaConductor
import NovaConfig
public import NovaCore
public import NovaDatabase
import NovaHTTP
import NovaInterfaces
import NovaMessaging
import NovaNetwork
import NovaPlacement
public import NovaRPC
import NovaScheduler
import NovaService
import NovaStore
import NovaWire
import PlacementStore
import Synchronization
import VirtFake

/// A whole cloud in the test's process: real broker, real databases, fake guests and networks.
///
/// Times are short, so that what takes seconds in a cloud takes a part of one here.
public final class TestCloud: Sendable {
    public struct Options: Sendable {
        public var conductors = 2
        public var hosts = 2
        /// The clock of the first conductor is behind and that of the last ahead, by this much in all.
        public var clockDifference = Duration.seconds(300)
        /// What the services keep their rows in.
        public var database = DatabaseKind.sqlite
        /// The folder in which the cloud makes its own.
        public var place = "/tmp"
        /// More options of nova.conf, as `section.name=value`.
        public var settings: [String] = []
        /// What hosts say against running guests of others, by their names.
        public var refusals: [String: [String]] = [:]
        public init() {}
    }

    public let folder: String
    public let conductors: [TestDaemon]
    public let computes: [TestDaemon]
    public let options: Options
    public let nova: Database
    private let databases: TestDatabases
    let placement: Database
    let network: Database
    let plugs: [String: FakeHostPlug]
    let images: ImageShelf
    private let imageServer: Task<Void, Never>
    private let others: [TestDaemon]
    private let scheduler: TestDaemon
    /// All daemons, in the order in which they need each other.
    private var daemons: [TestDaemon] { others + conductors + [scheduler] + computes }
    private let broker = Mutex<(broker: QueueBroker, task: Task<Void, Never>)?>(nil)
    private var endpoint: String { "ipc://\(folder)/queue" }

    /// Starts a cloud in a folder of its own; returns when servers can be made.
    public init(_ options: Options = Options()) async throws {
        self.options = options
        let folder = "\(options.place)/nova-kit-\(getpid())-\(UUID128.random().hex.prefix(8))"
        self.folder = folder
        guard mkdir(folder, 0o700) == 0 else { throw NovaError(.internal, "no folder for the cloud: \(folder)") }
        let databases = try await TestDatabases(options.database, folder: folder)
        self.databases = databases
        let plugs = Dictionary(uniqueKeysWithValues: (1...max(1, options.hosts)).map { ("host\($0)", FakeHostPlug()) })
        self.plugs = plugs
        let factories = Self.factories(plugs, options.refusals)
        let images = ImageShelf()
        self.images = images
        let server = try HTTPServer(
            name: "image", host: "127.0.0.1", port: 0, apis: [images.api], authenticator: nil, log: Self.log)
        imageServer = Task {
            do { try await server.run() } catch {}  // ends with the cloud
        }
        let port = try await server.waitUntilListening()
        let glance = "glance.api_servers=http://127.0.0.1:\(port)"
        let config = try Configuration.load(
            overrides: Self.settings(databases.connection) + [glance] + options.settings,
            known: CommonOptions.all + factories.all.flatMap(\.options))
        let cloudID = CloudID.random()
        let endpoint = "ipc://\(folder)/queue"
        func daemon(_ factory: ServiceFactory, _ host: String, skew: Duration = .zero) -> TestDaemon {
            TestDaemon(
                factory, host: host, endpoint: endpoint, config: config, statePath: "\(folder)/\(host)",
                cloudID: cloudID, skew: skew)
        }
        others = [factories.placement, factories.network, ImageStub.factory(images)].map { daemon($0, "controller") }
        scheduler = daemon(factories.scheduler, "controller")
        conductors = (0..<options.conductors).map { number in
            let share = options.conductors > 1 ? Double(number) / Double(options.conductors - 1) - 0.5 : 0.5
            return daemon(factories.conductor, "conductor\(number + 1)", skew: options.clockDifference * share)
        }
        computes = plugs.keys.sorted().map { daemon(factories.compute, $0) }
        nova = try await DatabaseKind.open(databases.address("nova"), NovaDatabaseSchema.schema)
        placement = try await DatabaseKind.open(databases.address("placement"), PlacementSchema.current)
        network = try await DatabaseKind.open(databases.address("network"), NetworkService.databaseSchema)
        try await startBroker()
        for daemon in daemons { try await daemon.start() }
    }

    static let log = Logger(label: "cloud") { _ in SwiftLogNoOpLogHandler() }

    private static func settings(_ databases: String) -> [String] {
        [
            "database.connection=\(databases)", "database.max_pool_size=2", "placement.port=0",
            "placement.listen=127.0.0.1", "network.port=0",
            "network.driver=fake", "DEFAULT.compute_driver=fake.FakeDriver", "conductor.workflow_lease_ms=600",
            "conductor.workflow_scan_ms=40", "conductor.workflow_patience_ms=1500", "conductor.workflow_pause_ms=10",
            "DEFAULT.my_ip=127.0.0.1",
        ]
    }

    private struct Factories {
        let placement, network, scheduler, conductor, compute: ServiceFactory
        var all: [ServiceFactory] { [placement, network, scheduler, conductor, compute] }
    }

    private static func factories(
        _ plugs: [String: FakeHostPlug], _ refusals: [String: [String]]
    ) -> Factories {
        let driver = VirtDriverFactory("fake.FakeDriver") { settings in
            var options = FakeDriverOptions()
            options.migrationTime = settings.fake.migrationTime
            options.refusals = refusals[settings.host] ?? []
            return try FakeDriver(settings.context, options: options)
        }
        // Taps are the kernel's: they outlive the daemon that made them.
        let plug = HostPlugFactory("fake") { plugs[$0.host] ?? FakeHostPlug() }
        let compute = ComputeService.factory(drivers: [driver], plugs: [plug])
        return Factories(
            placement: ServiceFactory(PlacementService.self),
            network: NetworkService.factory(drivers: ["fake": { _, _, _ in FakeNetworkHost() }]),
            scheduler: ServiceFactory(SchedulerService.self), conductor: ServiceFactory(ConductorService.self),
            compute: compute)
    }

    /// What the fault point `database.commit` says of a service's database.
    public func databaseSubject(_ name: String) -> String { databases.address(name).description }

    /// The steps of the workflows, by kind.
    public var workflowSteps: [String: [String]] {
        (conductors.first?.service as? ConductorService)?.workflowSteps ?? [:]
    }

    // MARK: Broker

    private func startBroker() async throws {
        var limits = QueueLimits()
        limits.settling = 300
        limits.grace = 200
        let started = try QueueBroker(endpoints: [endpoint], limits: limits, log: Self.log)
        let task = Task {
            do { try await started.run() } catch {}  // ends with the cloud
        }
        broker.withLock { $0 = (started, task) }
    }

    /// Kills the broker and starts another in its place.
    public func restartBroker() async throws {
        await killBroker()
        try await startBroker()
    }

    private func killBroker() async {
        guard let (broker, task) = broker.withLock({ $0.take() }) else { return }
        broker.kill()
        await task.value
    }

    // MARK: Life

    /// Starts what was killed, and lets go on what was frozen.
    public func heal() async throws {
        for daemon in daemons {
            daemon.thaw()
            try await daemon.start()
        }
    }

    /// A peer of another role on the queue; its caller closes it.
    public func connect(role: String) async throws -> RPCBus {
        try await RPCBus.connect(to: [endpoint], role: role, host: "elsewhere", instance: "test", log: Self.log)
    }

    /// Does to a workflow what operators do, over the queue.
    public func ask<M: RPCMethod>(_ method: M) async throws -> M.Response {
        let bus = try await RPCBus.connect(
            to: [endpoint], role: "api", host: "controller", instance: "test", log: Self.log)
        do {
            let answer = try await bus.call(method, to: .topic(M.topic), context: .system(), timeout: .seconds(10))
            await bus.close()
            return answer
        } catch {
            await bus.close()
            throw error
        }
    }

    /// Lets the schedulers know that hosts have changed; one that cannot be told sees it within a minute.
    func tellSchedulers() async {
        do { _ = try await ask(TellSchedulers()) } catch {}
    }

    /// Takes an instance away from a host behind the back of its compute service, which must not run.
    public func loseInstance(_ id: ServerID, on host: String) { unlink("\(folder)/\(host)/instances/_fake/\(id)") }

    /// Ends the guests of a host as a loss of its power does; its compute service must not run.
    public func cutPower(of host: String) throws { try FakeDriver.cutPower(in: "\(folder)/\(host)/instances") }

    /// Takes a server's allocation away behind the back of the placement service.
    public func loseClaim(of id: ServerID) async throws {
        try await placement.write { connection in
            for table in ["allocations", "consumers"] {
                try connection.execute("DELETE FROM \(table) WHERE consumer_id = ?", [.text(id.description)])
            }
        }
    }

    /// Servers that hold an allocation, and ports of servers.
    public func held() async throws -> (allocations: Int, ports: Int) {
        let allocations = try await placement.read { try $0.row("SELECT count(*) FROM consumers") { try $0.int(0) } }
        let ports = try await network.read {
            try $0.row("SELECT count(*) FROM ports WHERE device_id <> ''") { try $0.int(0) }
        }
        return (Int(allocations ?? 0), Int(ports ?? 0))
    }

    /// Ends the cloud and removes its folder.
    public func stop() async {
        for daemon in daemons.reversed() { await daemon.stop() }
        await killBroker()
        imageServer.cancel()
        for database in [nova, placement, network] { await database.close() }
        await databases.remove()
        removeTree(folder)
    }

    private func removeTree(_ path: String) {
        for name in Self.names(in: path) where unlink("\(path)/\(name)") != 0 { removeTree("\(path)/\(name)") }
        rmdir(path)
    }

    /// The names in a folder.
    static func names(in folder: String) -> [String] { FolderNames.orNone(folder) }
}
#endif
