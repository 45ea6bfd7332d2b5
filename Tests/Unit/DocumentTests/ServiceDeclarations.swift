import DatabaseTestKit
import Foundation
import Logging
import NetworkFake
import NovaAuth
import NovaConfig
import NovaCore
import NovaCrypto
import NovaDatabase
import NovaHTTP
import NovaHTTPClient
import NovaMessaging
import NovaPolicy
import NovaRPC
import NovaStore
import NovaTelemetry
import PlacementStore
import Testing

@testable import NovaAPI
@testable import NovaIdentity
@testable import NovaImage
@testable import NovaNetwork
@testable import NovaPlacement

/// What a service declares to its clients, made without a cloud: no handler is ever called.
struct ServiceDeclarations: Sendable, CustomTestStringConvertible {
    /// The daemon: "nova-api".
    let service: String
    /// The name of its documents: "compute".
    let name: String
    let title: String
    /// The version of the API.
    let version: String
    /// What is documented; not a second mount of the same operations under another prefix.
    let apis: [API]
    /// Rules of the service's own besides those of its operations.
    let rules: [String: String]

    var testDescription: String { name }

    /// Every service with an API.
    static func all() async throws -> [ServiceDeclarations] { try await made.value }

    /// The service of that name.
    static func named(_ name: String) async throws -> ServiceDeclarations {
        try #require(try await all().first { $0.name == name })
    }

    /// The rules of the service, as operators see them.
    func policy() throws -> [PolicyRule] {
        let source = try PolicySource(base: rules)
        for api in apis { try source.add(defaults: api.policyDefaults) }
        return source.rules
    }

    private static let made = Task { try await make() }
    private static let log = Logger(label: "documents") { _ in SwiftLogNoOpLogHandler() }

    private static func make() async throws -> [ServiceDeclarations] {
        let endpoint = "inproc://documents-\(UUID128.random().hex)"
        let broker = try QueueBroker(endpoints: [endpoint], roles: .unrestricted, log: log)
        let running = Task { try await broker.run() }
        let bus = try await RPCBus.connect(
            to: broker.boundEndpoints, role: "api", host: "ctl", instance: "1", log: log)
        let services = try await [compute(bus), identity(), image(), network(), placement()]
        await bus.close()
        broker.stop()
        try await running.value
        return services
    }

    private static func compute(_ bus: RPCBus) async throws -> ServiceDeclarations {
        let database = try await DatabaseKind.sqlite.open(NovaDatabaseSchema.schema)
        let client = HTTPClient()
        let peer = PeerService(word: "Image", base: "", client: client)
        let parts = APIParts(
            bus: bus, database: database, quota: Quota(Configuration()), liveness: HostLiveness(bus: bus),
            serviceDownTime: 60, maxLimit: 1000, maxLocalDisks: 3, keepsDeleted: false, log: log, images: peer,
            networks: peer)
        let apis = APIService.apis(parts).filter { $0.name != "compute-legacy" }
        await client.shutdown()
        await database.close()
        return ServiceDeclarations(
            service: APIService.name, name: "compute", title: "Compute API",
            version: MicroversionRange.compute.maximum.description, apis: apis, rules: [:])
    }

    private static func identity() async throws -> ServiceDeclarations {
        let database = try await DatabaseKind.sqlite.open(IdentitySchema.current)
        let core = try IdentityCore(
            database: database, keys: [TokenKey(key: SigningKey(), created: .now())],
            sealingKey: Secret(RandomBytes.make(32)), tokenLifetime: 3600, passwordRounds: 10, log: log)
        let apis = core.apis
        await database.close()
        return ServiceDeclarations(
            service: IdentityService.name, name: "identity", title: "Identity API", version: "3.14", apis: apis,
            rules: IdentityPolicy.base)
    }

    private static func image() async throws -> ServiceDeclarations {
        let folder = "/tmp/nova-documents-\(UUID128.random())"
        defer { _ = try? FileManager.default.removeItem(atPath: folder) }
        let database = try await DatabaseKind.sqlite.open(ImageSchema.current)
        let intake = ImageIntake(
            table: ImageTable(database: database), files: try ImageFileStore(folder: folder, sizeLimit: 1),
            inspector: DiskInspector(virtualSizeLimit: 1), limits: ImageLimits())
        let imports = ImageImports(intake: intake, methods: [], filter: ImportFilter(), workers: 1, log: log)
        let api = ImageAPI(intake: intake, imports: imports, grants: GrantAuthority(keys: { [] }), log: log)
        await database.close()
        return ServiceDeclarations(
            service: ImageService.name, name: "image", title: "Image API", version: "2", apis: api.apis,
            rules: ImageAPI.rules)
    }

    private static func network() async throws -> ServiceDeclarations {
        let database = try await DatabaseKind.sqlite.open(NetworkSchema.current)
        let engine = NetworkEngine(
            database: database, host: FakeNetworkHost(), cloudID: .random(), metrics: MetricsRegistry(), log: log)
        let apis = NetworkService.apis(engine, mtu: 1500)
        await database.close()
        return ServiceDeclarations(
            service: NetworkService.name, name: "network", title: "Network API", version: "2.0", apis: apis, rules: [:])
    }

    private static func placement() async throws -> ServiceDeclarations {
        let database = try await DatabaseKind.sqlite.open(PlacementSchema.current)
        let api = PlacementAPI(placement: PlacementRepository(database)).api
        await database.close()
        return ServiceDeclarations(
            service: PlacementService.name, name: "placement", title: "Placement API",
            version: MicroversionRange.placement.maximum.description, apis: [api], rules: [:])
    }
}
