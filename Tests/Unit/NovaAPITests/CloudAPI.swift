import DatabaseTestKit
import Logging
import NovaConfig
import NovaCore
import NovaDatabase
import NovaHTTP
import NovaHTTPClient
import NovaInterfaces
import NovaMessaging
import NovaModel
import NovaRPC
import NovaSchema
import NovaService
import NovaStore
import NovaWire
import Testing

@testable import NovaAPI

/// The Compute API on a free port with a database and a broker of its own; conductor, image and network services are
/// scripts that say yes.
struct CloudAPI: Sendable {
    static let image = ImageID.random()
    static let project = ProjectID("0123456789abcdef0123456789abcdef")
    static let otherProject = ProjectID("fedcba9876543210fedcba9876543210")

    let database: Database
    let base: String
    private let http = HTTPClient()

    /// Knows the tokens "admin", "member", "reader", and "other" of another project.
    private struct Tokens: Authenticator {
        func authenticate(token: String) async throws -> Caller {
            let roles: [String: [String]] = [
                "admin": ["admin", "manager", "member", "reader"], "member": ["member", "reader"], "reader": ["reader"],
                "other": ["member", "reader"],
            ]
            guard let known = roles[token] else { throw NovaError(.unauthorized, "No such token.") }
            return Caller(
                userID: UserID(token), projectID: token == "other" ? CloudAPI.otherProject : CloudAPI.project,
                roles: known, isAdmin: token == "admin", expires: .now().adding(seconds: 600))
        }
    }

    private static let log = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

    static func with(
        _ settings: [String] = [], database kind: DatabaseKind = .sqlite, at address: DatabaseAddress? = nil,
        _ body: @escaping @Sendable (CloudAPI) async throws -> Void
    ) async throws {
        let endpoint = "inproc://api-\(UUID128.random().hex)"
        let broker = try QueueBroker(endpoints: [endpoint], roles: .unrestricted, log: log)
        let running = Task { try await broker.run() }
        let place = try #require(broker.boundEndpoints.first)
        let bus = try await RPCBus.connect(to: [place], role: "api", host: "ctl", instance: "1", log: log)
        let others = try await RPCBus.connect(to: [place], role: "others", host: "ctl", instance: "1", log: log)
        try await serve(others)
        let database =
            if let address { try await DatabaseKind.open(address, NovaDatabaseSchema.schema) } else {
                try await kind.open(NovaDatabaseSchema.schema)
            }
        try await database.write { try FlavorTable($0).insertDefaults() }
        let config = try Configuration.load(overrides: settings, known: APIOptions.all + CommonOptions.all)
        let client = HTTPClient()
        let parts = APIParts(
            bus: bus, database: database, quota: Quota(config), liveness: HostLiveness(bus: bus), serviceDownTime: 60,
            maxLimit: 1000, maxLocalDisks: 3, keepsDeleted: config[CommonOptions.reclaimInterval] > 0, log: log,
            images: PeerService(word: "Image", base: "", client: client),
            networks: PeerService(word: "Network", base: "", client: client))
        let server = try HTTPServer(
            name: "nova-api", host: "127.0.0.1", port: 0, apis: APIService.apis(parts), authenticator: Tokens(),
            log: log)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await server.run() }
            let api = CloudAPI(database: database, base: "http://127.0.0.1:\(try await server.waitUntilListening())")
            let result: Result<Void, any Error>
            do { result = .success(try await body(api)) } catch { result = .failure(error) }
            await api.http.shutdown()
            await client.shutdown()
            group.cancelAll()
            try await group.waitForAll()
            await bus.close()
            await others.close()
            broker.stop()
            try await running.value
            await database.close()
            try result.get()
        }
    }

    private static func serve(_ bus: RPCBus) async throws {
        var image = RPCDispatcher()
        image.on(DescribeImage.self) { request, _ in
            guard request.imageID == Self.image else { throw NovaError(.notFound, "no such image") }
            var image = ImageReference()
            image.id = request.imageID
            image.status = "active"
            image.properties = ["hw_disk_bus": "virtio"]
            return image
        }
        var network = RPCDispatcher()
        network.on(ResolveNetworks.self) { _, _ in Nothing() }
        var conductor = RPCDispatcher()
        conductor.on(WorkflowReady.self) { _, _ in Nothing() }
        conductor.on(TellSchedulers.self) { _, _ in Nothing() }
        try await bus.serve(image, topic: "image", host: nil, slots: 8)
        try await bus.serve(network, topic: "network", host: nil, slots: 8)
        try await bus.serve(conductor, topic: "conductor", host: nil, slots: 8)
    }

    /// What came back.
    struct Reply: Sendable {
        let status: Int
        let body: JSONValue
        let location: String?
        /// The text of a fault.
        var message: String { body.objectValue?.first { _ in true }?.value["message"]?.stringValue ?? "" }
    }

    func send(
        _ verb: String, _ path: String, _ json: JSONValue? = nil, as token: String = "member", version: String = "2.104"
    ) async throws -> Reply {
        var headers = [("X-Auth-Token", token), ("OpenStack-API-Version", "compute \(version)")]
        if json != nil { headers.append(("Content-Type", "application/json")) }
        let response = try await http.request(
            verb, base + "/v2.1" + path, headers: headers, body: json?.serialized(), timeout: .seconds(20))
        let body = response.body.isEmpty ? JSONValue.null : try JSONValue.parse(response.body)
        return Reply(status: response.status, body: body, location: response.header("Location"))
    }

    /// What `/v2` answers to a request for the newest microversion, which it does not know.
    func legacy(_ path: String) async throws -> JSONValue {
        let headers = [("X-Auth-Token", "member"), ("OpenStack-API-Version", "compute 2.104")]
        return try await http.request("GET", base + "/v2" + path, headers: headers, timeout: .seconds(20)).json()
    }

    // MARK: Rows

    /// A server as it stands after its build.
    @discardableResult
    func server(_ name: String = "one", change: @escaping @Sendable (inout ServerRecord) -> Void = { _ in })
        async throws -> ServerID
    {
        try await database.write { connection in
            var server = ServerRecord()
            server.id = .random()
            server.projectID = Self.project
            server.userID = UserID("member")
            server.name = name
            server.vmState = .active
            server.powerState = .running
            server.flavor.id = "1"
            server.flavor.name = "m1.tiny"
            server.flavor.vcpus = 1
            server.flavor.memoryMB = 512
            server.createdAt = .now()
            server.updatedAt = .now()
            server.launchedAt = .now()
            change(&server)
            try ServerTable(connection).insert(&server)
            return server.id
        }
    }

    /// A compute host with its service.
    func host(_ name: String) async throws {
        try await database.write { connection in
            var record = HostRecord()
            record.resources.host = name
            record.resources.node = "\(name).example"
            record.resources.providerID = .random()
            record.resources.vcpus = 8
            record.resources.memoryMB = 8192
            record.updatedAt = .now()
            try HostTable(connection).save(record)
            try HostTable(connection).hello(binary: "nova-compute", host: name, topic: "compute", zone: "nova")
        }
    }

    /// The body of a request for a server.
    static func wanted(_ more: [String: JSONValue] = [:], hints: JSONValue? = nil) -> JSONValue {
        var server: JSONObject = [
            "name": "new", "imageRef": .string(image.description), "flavorRef": "1", "networks": "none",
        ]
        for (key, value) in more { server[key] = value }
        var body: JSONObject = ["server": .object(server)]
        if let hints { body["os:scheduler_hints"] = hints }
        return .object(body)
    }
}
