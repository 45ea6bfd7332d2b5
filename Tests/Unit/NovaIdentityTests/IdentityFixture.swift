import DatabaseTestKit
import Logging
import NovaCore
import NovaCrypto
import NovaDatabase
import NovaHTTP
import NovaHTTPClient
import NovaPolicy
import NovaSchema
import Testing

@testable import NovaIdentity

/// The whole API on an in-memory database and a free port.
final class IdentityFixture: Sendable {
    let core: IdentityCore
    let keys: [TokenKey]
    let url: String
    private let client: HTTPClient

    /// Runs a body with a fresh service on each kind of database, and stops it afterwards.
    static func with(_ body: @Sendable (IdentityFixture) async throws -> Void) async throws {
        for kind in DatabaseKind.available { try await with(kind, body) }
    }

    private static func with(_ kind: DatabaseKind, _ body: @Sendable (IdentityFixture) async throws -> Void)
        async throws
    {
        let log = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        let keys = [TokenKey(key: SigningKey(), created: .now())]
        let core = try IdentityCore(
            database: await kind.open(IdentitySchema.current), keys: keys,
            sealingKey: Secret(RandomBytes.make(32)), tokenLifetime: 3600, passwordRounds: 10,
            settings: IdentitySettings(uniquePasswords: 3), log: log)
        let offers: [Bootstrap.Offer] = [
            .init(type: "identity", name: "keystone", url: "http://127.0.0.1:5000/v3"),
            .init(type: "volumev3", name: "cinder", url: "http://127.0.0.1:8776/v3/$(project_id)s"),
        ]
        try await core.prepare(Bootstrap(region: "RegionOne", offers: offers)) { Secret("secret") }
        let server = try HTTPServer(
            name: "identity", host: "127.0.0.1", port: 0, apis: core.apis, authenticator: core.authenticator,
            policy: PolicySource(base: IdentityPolicy.base), log: log)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await server.run() }
            let port = try await server.waitUntilListening()
            let client = HTTPClient()
            do {
                try await body(IdentityFixture(core, keys, port, client))
            } catch {
                await client.shutdown()
                group.cancelAll()
                throw error
            }
            await client.shutdown()
            group.cancelAll()
        }
        await core.store.database.close()
    }

    private init(_ core: IdentityCore, _ keys: [TokenKey], _ port: Int, _ client: HTTPClient) {
        self.core = core
        self.keys = keys
        self.client = client
        url = "http://127.0.0.1:\(port)"
    }

    /// Sends a request; `token` goes into X-Auth-Token, `subject` into X-Subject-Token.
    func send(
        _ verb: String, _ path: String, token: String? = nil, subject: String? = nil, _ body: JSONValue? = nil
    ) async throws -> HTTPResponse {
        var headers: [(String, String)] = body == nil ? [] : [("Content-Type", "application/json")]
        if let token { headers.append(("X-Auth-Token", token)) }
        if let subject { headers.append(("X-Subject-Token", subject)) }
        return try await client.request(verb, url + path, headers: headers, body: body?.serialized())
    }

    /// The body that logs a user of the default domain in.
    static func login(_ name: String, _ password: String, scope: JSONValue? = nil) -> JSONValue {
        var auth: JSONObject = [
            "identity": [
                "methods": ["password"],
                "password": [
                    "user": [
                        "name": .string(name), "domain": ["id": "default"], "password": .string(password),
                    ]
                ],
            ]
        ]
        if let scope { auth["scope"] = scope }
        return ["auth": .object(auth)]
    }

    static func project(_ name: String) -> JSONValue {
        ["project": ["name": .string(name), "domain": ["name": "Default"]]]
    }

    /// A token of admin in project admin.
    func adminToken() async throws -> String {
        let answer = try await send(
            "POST", "/v3/auth/tokens", Self.login("admin", "secret", scope: Self.project("admin")))
        #expect(answer.status == 201)
        return try #require(answer.header("X-Subject-Token"))
    }

    /// Makes something, and gives its id.
    func make(_ kind: String, _ body: JSONObject, token: String) async throws -> String {
        let answer = try await send("POST", "/v3/\(kind)s", token: token, .object([kind: .object(body)]))
        #expect(answer.status == 201, "\(answer.text)")
        return try #require(try answer.json()[kind]?["id"]?.stringValue)
    }
}
