import Logging
public import NovaConfig
import NovaAuth
import NovaCore
public import NovaDatabase
import NovaHTTP
import NovaHTTPClient
import NovaInterfaces
import NovaRPC
public import NovaService
import NovaStore

/// `nova-api`: the Compute API on port 8774.
public struct APIService: CloudService {
    public static let name = "nova-api"
    public static let role = "api"
    public static var options: [any OptionDeclaration] { APIOptions.all }

    private let context: ServiceContext
    private let database: Database
    private let authenticator: any ServiceAuthenticator
    private let server: HTTPServer
    private let http: HealthPart
    private let client: HTTPClient

    /// The service in a process in which others use the same database.
    public static func factory(sharing databases: OpenDatabases) -> ServiceFactory {
        ServiceFactory(name: name, role: role, options: options) { try await APIService($0, databases) }
    }

    /// The service in a process of its own.
    public init(_ context: ServiceContext) async throws { try await self.init(context, OpenDatabases()) }

    /// Opens the database and makes the server; it listens once it runs.
    init(_ context: ServiceContext, _ databases: OpenDatabases) async throws {
        self.context = context
        let config = context.config
        http = context.part("http", waitsFor: "does not listen yet")
        let databasePart = context.part("database", waitsFor: "is being opened")
        database = try databases.open(
            context.databaseAddress("nova"), schema: NovaDatabaseSchema.schema, log: context.log
        ) { $0.report(to: context.metrics, service: context.name) }
        try await database.write { try FlavorTable($0).insertDefaults() }
        databasePart.ready()
        authenticator = try await ServiceAuthentication.connect(context.config, bus: context.bus, log: context.log)
        client = HTTPClient()
        let glance = config[GlanceOptions.endpoint]
        let imageServer = glance.isEmpty ? config[GlanceOptions.servers].first ?? "" : glance
        let parts = APIParts(
            bus: context.bus, database: database, quota: Quota(config), liveness: HostLiveness(bus: context.bus),
            serviceDownTime: APIOptions.serviceDownTime(config), maxLimit: Int64(config[APIOptions.maxLimit]),
            maxLocalDisks: config[APIOptions.maxLocalDisks],
            keepsDeleted: config[CommonOptions.reclaimInterval] > 0, log: context.log,
            images: PeerService(word: "Image", base: imageServer, client: client),
            networks: PeerService(word: "Network", base: config[APIOptions.networkServer], client: client))
        server = try HTTPServer(
            name: Self.name, host: config[APIOptions.listen], port: config[APIOptions.port], apis: Self.apis(parts),
            authenticator: authenticator, policy: context.policy(), certificate: context.certificate,
            log: context.log, metrics: context.metrics, served: context.bus.served, onPolicy: context.onPolicy)
    }

    /// All that the Compute API serves.
    ///
    /// To add a resource: write its file, add a line here.
    static func apis(_ parts: APIParts) -> [API] {
        let resources: [[Operation]] = [
            ExtensionsResource.operations, RemovedResource.operations,
            ServersResource(parts: parts).operations, DeletionResource(parts: parts).operations,
            ServerActionsResource(parts: parts).operations,
            RescueResource(parts: parts).operations, RebuildResource(parts: parts).operations,
            ResizeResource(parts: parts).operations, EvacuateResource(parts: parts).operations,
            LiveMigrationResource(parts: parts).operations,
            ShelveResource(parts: parts).operations, SnapshotsResource(parts: parts).operations,
            GuestResource(parts: parts).operations,
            ServerLockResource(parts: parts).operations, ServerMetadataResource(parts: parts).operations,
            ServerTagsResource(parts: parts).operations, ServerPartsResource(parts: parts).operations,
            InterfacesResource(parts: parts).operations,
            InstanceActionsResource(parts: parts).operations,
            MigrationsResource(parts: parts).operations, FlavorsResource(parts: parts).operations,
            FlavorExtraSpecsResource(parts: parts).operations, FlavorAccessResource(parts: parts).operations,
            KeyPairsResource(parts: parts).operations, ServerGroupsResource(parts: parts).operations,
            AggregatesResource(parts: parts).operations, AvailabilityZonesResource(parts: parts).operations,
            HypervisorsResource(parts: parts).operations, ServicesResource(parts: parts).operations,
            HostsResource(parts: parts).operations, LimitsResource(parts: parts).operations,
            QuotaSetsResource(parts: parts).operations, QuotaClassesResource(parts: parts).operations,
            TenantUsageResource(parts: parts).operations, UsageAuditResource(parts: parts).operations,
            SecurityGroupsResource(parts: parts).operations, ImageProxyResource(parts: parts).operations,
            NetworkProxyResource(parts: parts).operations, ExternalEventsResource(parts: parts).operations,
            InsightResource(parts: parts).operations, ConsolesResource(parts: parts).operations,
            WorkflowsResource(parts: parts).operations, CleanupsResource(parts: parts).operations,
            AuditResource(parts: parts).operations, HostFencesResource(parts: parts).operations,
            HostDrainsResource(parts: parts).operations,
        ]
        let operations = Array(resources.joined())
        return [
            API(
                name: "compute", prefix: "/v2.1", microversions: .compute, faults: .nova,
                operations: VersionsResource.current + operations, allowsProjectInPath: true, scopes: [.project]),
            API(
                name: "compute-legacy", prefix: "/v2", microversions: nil, faults: .nova,
                operations: VersionsResource.legacy + operations, allowsProjectInPath: true, scopes: [.project],
                ignoresUnknown: true),
            API(
                name: "compute-versions", prefix: "", microversions: nil, faults: .nova,
                operations: VersionsResource.root),
        ]
    }

    public func run() async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await server.run() }
            group.addTask { await authenticator.run() }
            _ = try await server.waitUntilListening()
            http.ready()
            try await group.next()
            group.cancelAll()
        }
        await client.shutdown()
        await database.close()
    }
}
