public import NovaConfig
import NovaAuth
import NovaCore
import NovaDatabase
import NovaHTTP
import NovaInterfaces
import NovaPolicy
import NovaRPC
public import NovaService
import PlacementStore

/// `nova-placement-api`: owns the placement database, decides claims over the queue, and shows all of it over HTTP.
public struct PlacementService: CloudService {
    public static let name = "nova-placement-api"
    public static let role = "placement"
    public static let options: [any OptionDeclaration] = PlacementOptions.all
    /// Messages answered at once: they share commits.
    static let slots = 64

    private let context: ServiceContext
    private let database: Database
    private let http: HealthPart

    /// Opens the database, `placement.sqlite`.
    public init(_ context: ServiceContext) async throws {
        self.context = context
        http = context.part("http", waitsFor: "does not listen yet")
        let databasePart = context.part("database", waitsFor: "is being opened")
        database = try Database(
            context.databaseAddress("placement"), schema: PlacementSchema.current, log: context.log)
        database.report(to: context.metrics, service: context.name)
        databasePart.ready()
    }

    public func run() async throws {
        let placement = PlacementRepository(database)
        let authenticator = try await ServiceAuthentication.connect(context.config, bus: context.bus, log: context.log)
        let server = try HTTPServer(
            name: Self.name, host: context.config[PlacementOptions.listen], port: context.config[PlacementOptions.port],
            apis: [PlacementAPI(placement: placement).api], authenticator: authenticator, policy: context.policy(),
            certificate: context.certificate, log: context.log, served: context.bus.served,
            onPolicy: context.onPolicy)
        try await context.bus.serve(
            PlacementHandlers.dispatcher(placement), topic: PlacementClaim.topic, host: nil, slots: Self.slots)
        let result: Result<Void, any Error>
        do {
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { try await server.run() }
                group.addTask { await authenticator.run() }
                _ = try await server.waitUntilListening()
                http.ready()
                try await group.next()
                group.cancelAll()
                try await group.waitForAll()
            }
            result = .success(())
        } catch {
            result = .failure(error)
        }
        // No message may reach a closed database.
        await context.bus.close()
        await database.close()
        try result.get()
    }
}
