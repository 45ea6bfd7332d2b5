import Logging
import NovaCore
import NovaHTTP
import NovaHTTPClient
import NovaPolicy
import NovaSchema

/// Takes the tokens "admin" and "member"; "slow" means that identity cannot be asked.
struct TestAuthenticator: Authenticator {
    static let project = ProjectID("0123456789abcdef0123456789abcdef")

    func authenticate(token: String) async throws -> Caller {
        switch token {
        case "admin", "member":
            Caller(
                userID: UserID(token), projectID: Self.project,
                roles: token == "admin" ? ["admin", "member", "reader"] : ["member", "reader"],
                isAdmin: token == "admin", expires: .now().adding(seconds: 60))
        case "slow": throw NovaError(.unavailable, "Tokens cannot be checked now.")
        default: throw NovaError(.unauthorized, "The request you have made requires authentication.")
        }
    }
}

/// A server on a free port for the time of a closure.
enum TestServer {
    static let log = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

    static func with(
        _ apis: [API], policy: PolicySource = PolicySource(),
        onPolicy: @escaping @Sendable (String?) -> Void = { _ in },
        _ body: @escaping @Sendable (TestClient) async throws -> Void
    ) async throws {
        let server = try HTTPServer(
            name: "test", host: "127.0.0.1", port: 0, apis: apis, authenticator: TestAuthenticator(), policy: policy,
            log: log, authURI: "http://identity/v3", onPolicy: onPolicy)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await server.run() }
            let port = try await server.waitUntilListening()
            let client = TestClient(base: "http://127.0.0.1:\(port)")
            let result: Result<Void, any Error>
            do { result = .success(try await body(client)) } catch { result = .failure(error) }
            await client.http.shutdown()
            group.cancelAll()
            try await group.waitForAll()
            try result.get()
        }
    }
}

/// Asks one server with a token.
struct TestClient: Sendable {
    let base: String
    let http = HTTPClient()

    func send(
        _ verb: String, _ path: String, token: String? = "member", headers: [(String, String)] = [],
        json: JSONValue? = nil, raw: [UInt8]? = nil
    ) async throws -> HTTPResponse {
        var headers = headers
        if let token { headers.append(("X-Auth-Token", token)) }
        if json != nil { headers.append(("Content-Type", "application/json")) }
        return try await http.request(
            verb, base + path, headers: headers, body: json?.serialized() ?? raw, timeout: .seconds(10))
    }
}
