public import Logging
public import NetworkDriver
import NovaAuth
public import NovaConfig
import NovaCore
public import NovaDatabase
import NovaHTTP
import NovaInterfaces
import NovaRPC
public import NovaService
import NovaWire

/// Makes the driver of a network host.
public typealias NetworkHostFactory = @Sendable (NetworkHostSettings, Configuration, Logger) throws -> any NetworkHost

/// nova-network: networks, subnets and ports; addresses by DHCP; the outside by NAT.
///
/// It answers the topic `network` for the conductor and the API, and a part of Neutron's API for users. What it makes on
/// its host stays when it ends; the next one takes it over.
public final class NetworkService: RunnableService {
    public static let name = "nova-network"
    public static let role = "network"
    /// How often the host is compared with the rows.
    private static let reconcilePeriod = Duration.seconds(60)
    /// How soon it is tried again when the host could not be made as the rows say.
    private static let retryPeriod = Duration.seconds(5)

    private let context: ServiceContext
    private let engine: NetworkEngine
    private let database: Database
    private let authenticator: any ServiceAuthenticator
    private let server: HTTPServer
    private let hostPart: HealthPart
    private let httpPart: HealthPart

    /// The schema of its database.
    public static var databaseSchema: DatabaseSchema { NetworkSchema.current }

    /// The service for a daemon.
    ///
    /// - Parameter drivers: what `[network] driver` may name.
    public static func factory(drivers: [String: NetworkHostFactory]) -> ServiceFactory {
        ServiceFactory(name: name, role: role, options: NetworkOptions.all) { context in
            try await NetworkService(context, drivers: drivers)
        }
    }

    /// Opens the database and makes the default network's rows at the first start; nothing runs yet.
    ///
    /// - Throws: ``NovaError`` `badRequest` for a driver that the executable does not have.
    public init(_ context: ServiceContext, drivers: [String: NetworkHostFactory]) async throws {
        let config = context.config
        let driver = config[NetworkOptions.driver]
        guard let make = drivers[driver] else {
            throw NovaError(
                .badRequest,
                "[network] driver \"\(driver)\" is unknown; there are: \(drivers.keys.sorted().joined(separator: ", "))."
            )
        }
        let settings = NetworkHostSettings(
            marks: HostMarks(cloudID: context.cloudID, host: context.host), statePath: context.statePath)
        self.context = context
        hostPart = context.part("host", waitsFor: "the host's networks have not been looked at yet")
        httpPart = context.part("http", waitsFor: "does not listen yet")
        let databasePart = context.part("database", waitsFor: "is being opened")
        database = try Database(
            context.databaseAddress("network"), schema: NetworkSchema.current, log: context.log)
        database.report(to: context.metrics, service: context.name)
        engine = NetworkEngine(
            database: database, host: try make(settings, config, context.log), cloudID: context.cloudID,
            metrics: context.metrics, log: context.log)
        try await engine.makeDefaultNetwork(
            cidr: config[NetworkOptions.defaultCIDR], dns: config[NetworkOptions.dns], mtu: config[NetworkOptions.mtu])
        databasePart.ready()
        authenticator = try await ServiceAuthentication.connect(context.config, bus: context.bus, log: context.log)
        server = try HTTPServer(
            name: Self.name, host: config[NetworkOptions.listen], port: config[NetworkOptions.port],
            apis: Self.apis(engine, mtu: config[NetworkOptions.mtu]), authenticator: authenticator,
            policy: context.policy(), certificate: context.certificate, log: context.log, metrics: context.metrics,
            served: context.bus.served, onPolicy: context.onPolicy)
    }

    static func apis(_ engine: NetworkEngine, mtu: Int) -> [API] {
        let discovery = DiscoveryOperations(database: engine.database)
        let operations =
            NetworkOperations(engine: engine, defaultMTU: Int64(mtu)).operations
            + SubnetOperations(engine: engine).operations + PortOperations(engine: engine).operations
            + discovery.operations
        return [
            API(
                name: "network-versions", prefix: "", microversions: nil, faults: .neutron,
                operations: discovery.versions),
            API(name: "network", prefix: "/v2.0", microversions: nil, faults: .neutron, operations: operations),
        ]
    }

    /// Works until the task is cancelled.
    ///
    /// The data plane is left as it is.
    public func run() async throws {
        await reconcile()
        try await context.bus.serve(
            dispatcher(), topic: "network", host: context.host, slots: context.config[NetworkOptions.slots])
        do {
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { try await self.server.run() }
                group.addTask { await self.authenticator.run() }
                group.addTask { await self.keepReconciling() }
                defer { group.cancelAll() }
                _ = try await self.server.waitUntilListening()
                self.httpPart.ready()
                try await group.next()
            }
        } catch {
            await database.close()
            throw error
        }
        await database.close()
    }

    private func dispatcher() -> RPCDispatcher {
        var dispatcher = RPCDispatcher()
        dispatcher.on(ResolveNetworks.self) { [engine] request, _ in
            try await engine.resolve(request)
            return Nothing()
        }
        dispatcher.on(AllocateNetwork.self) { [engine] request, _ in try await engine.allocate(request) }
        dispatcher.on(BindNetwork.self) { [engine] request, _ in try await engine.bind(request) }
        dispatcher.on(ReleaseNetwork.self) { [engine] request, _ in
            try await engine.release(request)
            return Nothing()
        }
        dispatcher.on(AttachPort.self) { [engine] request, _ in try await engine.attach(request) }
        dispatcher.on(DetachPort.self) { [engine] request, _ in
            try await engine.detach(request)
            return Nothing()
        }
        dispatcher.on(NetworkPorts.self) { [engine] request, _ in try await engine.serverPorts(request) }
        return dispatcher
    }

    private func keepReconciling() async {
        var isGood = true
        while !Task.isCancelled {
            do { try await SteadyClock.sleep(for: isGood ? Self.reconcilePeriod : Self.retryPeriod) } catch { return }
            isGood = await reconcile()
        }
    }

    /// Brings the host to what the rows say; whether it could.
    @discardableResult
    private func reconcile() async -> Bool {
        do {
            try await engine.reconcile()
            try await engine.tidy()
            hostPart.ready()
            return true
        } catch {
            let failure = NovaError(error)
            context.log.error("networks could not be made", metadata: ["error": "\(failure)"])
            hostPart.set(.failed("\(failure)"))
            return false
        }
    }
}
