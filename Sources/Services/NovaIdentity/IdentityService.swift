import Logging
import NovaAuth
public import NovaConfig
import NovaCore
import NovaCrypto
import NovaDatabase
import NovaHTTP
import NovaInterfaces
import NovaRPC
public import NovaService
import NovaWire

/// The identity service: users, projects, roles, the catalog, and the tokens of the whole cloud.
///
/// It alone has the private key of tokens; others validate with the public key and the list of revocations.
public final class IdentityService: CloudService {
    public static let name = "nova-identity"
    public static let role = "identity"
    public static let options = IdentityOptions.all

    private static let slots = 32
    private static let forgetEvery = Duration.seconds(600)
    private static let keysEvery = Duration.seconds(2)

    private let context: ServiceContext
    private let core: IdentityCore
    private let keyFile: TokenKeyFile
    private let keyPart: HealthPart
    private let server: HTTPServer
    private let http: HealthPart

    /// Opens the database and the key, making both at the first start, together with the first user.
    ///
    /// - Throws: ``NovaError`` when a file cannot be used.
    public init(_ context: ServiceContext) async throws {
        self.context = context
        let config = context.config
        http = context.part("http", waitsFor: "does not listen yet")
        let databasePart = context.part("database", waitsFor: "is being opened")
        let database = try Database(
            context.databaseAddress("identity"), schema: IdentitySchema.current, log: context.log)
        database.report(to: context.metrics, service: context.name)
        let secrets = context.statePath
        keyFile = TokenKeyFile(statePath: secrets)
        keyPart = context.part("keys", waitsFor: "the keys of tokens are being read")
        let sealing = try SecretFile(path: "\(secrets)/identity-credential-key").loadOrCreate {
            Hex.encode(RandomBytes.make(32))
        }
        core = try IdentityCore(
            database: database, keys: keyFile.loadOrCreate(), sealingKey: Secret(Hex.decode(sealing.reveal()) ?? []),
            tokenLifetime: Int64(config[IdentityOptions.tokenLifetime]),
            passwordRounds: config[IdentityOptions.passwordRounds],
            passwordThreads: config[IdentityOptions.passwordThreads],
            settings: IdentitySettings(
                uniquePasswords: config[IdentityOptions.uniquePasswords], treeDepth: config[IdentityOptions.treeDepth]),
            log: context.log)
        keyPart.ready()
        try await core.prepare(Self.bootstrap(config)) {
            let chosen = config[IdentityOptions.adminPassword]
            if !chosen.isEmpty { return Secret(chosen) }
            context.log.notice("the password of admin is random", metadata: ["file": "\(secrets)/admin_password"])
            return try SecretFile(path: "\(secrets)/admin_password").loadOrCreate { RandomBytes.text() }
        }
        databasePart.ready()
        server = try HTTPServer(
            name: Self.name, host: config[IdentityOptions.listen], port: config[IdentityOptions.port],
            apis: core.apis, authenticator: core.authenticator, policy: context.policy(base: IdentityPolicy.base),
            certificate: context.certificate, log: context.log,
            authURI: config[IdentityOptions.identityEndpoint], metrics: context.metrics,
            served: context.bus.served, onPolicy: context.onPolicy)
    }

    /// The port of the Identity API, once it listens.
    ///
    /// - Throws: ``NovaError`` `unavailable` when it cannot listen.
    public func waitUntilListening() async throws -> Int { try await server.waitUntilListening() }

    /// Serves the API and the queue until the task is cancelled.
    public func run() async throws {
        core.announce { [bus = context.bus, log = context.log] revocation in
            do {
                try await bus.fanout(RevocationAdded(revocation), topic: RevocationAdded.topic, context: .system())
            } catch {
                // Receivers notice the gap in the numbers, or fetch the list within 30 seconds.
                log.warning("a revocation was not announced", metadata: ["error": "\(error)"])
            }
        }
        try await serveQueue()
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await self.server.run() }
            group.addTask { await self.forget() }
            group.addTask { await self.followKeys() }
            defer { group.cancelAll() }
            _ = try await self.server.waitUntilListening()
            self.http.ready()
            // The server ends when it is cancelled or fails; housekeeping never ends before.
            try await group.next()
        }
        await core.store.database.close()
    }

    private func serveQueue() async throws {
        var dispatcher = RPCDispatcher()
        dispatcher.on(IdentityKeys.self) { [core] _, _ in core.publicKeys }
        dispatcher.on(RevocationList.self) { [core] request, _ in try await core.store.revocations(after: request.after)
        }
        try await context.bus.serve(dispatcher, topic: IdentityKeys.topic, host: nil, slots: Self.slots)
        var listener = RPCDispatcher()
        // From other identity services over the same database.
        listener.on(RevocationAdded.self) { [core] added, _ in
            core.authenticator.receive(added.revocation)
            return Nothing()
        }
        try await context.bus.subscribe(listener, fanout: RevocationAdded.topic)
    }

    /// Takes the keys that the operator's tool wrote, so that a rotation needs no restart.
    private func followKeys() async {
        while !Task.isCancelled {
            do {
                if try await core.take(keyFile.loadOrCreate()) {
                    context.log.notice("the keys of tokens have changed")
                }
                keyPart.ready()
            } catch {
                // The keys that we have stay good.
                keyPart.set(.degraded("the file of keys cannot be read: \(NovaError(error))"))
            }
            await WakeUp().wait(atMost: Self.keysEvery)
        }
    }

    private func forget() async {
        while !Task.isCancelled {
            do {
                try await core.store.forgetExpiredRevocations()
                try await Task.sleep(for: Self.forgetEvery)
            } catch is CancellationError {
                return
            } catch {
                context.log.warning("expired revocations were not removed", metadata: ["error": "\(error)"])
                await WakeUp().wait(atMost: Self.forgetEvery)
            }
        }
    }

    static func bootstrap(_ config: Configuration) -> Bootstrap {
        Bootstrap(
            region: config[IdentityOptions.region],
            offers: [
                .init(type: "identity", name: "keystone", url: config[IdentityOptions.identityEndpoint]),
                .init(type: "compute", name: "nova", url: config[IdentityOptions.computeEndpoint]),
                .init(type: "image", name: "glance", url: config[IdentityOptions.imageEndpoint]),
                .init(type: "network", name: "neutron", url: config[IdentityOptions.networkEndpoint]),
                .init(type: "placement", name: "placement", url: config[IdentityOptions.placementEndpoint]),
            ])
    }
}
