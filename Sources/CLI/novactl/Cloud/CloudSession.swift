import NovaCore
import NovaHTTPClient
import NovaSchema

/// A user who is signed in: calls services by their type.
struct CloudSession: Sendable {
    /// The services of the catalog that commands use.
    enum Service: String, Sendable {
        case compute, image, network, identity
    }
    static let answerTime = Duration.seconds(60)

    private let client: HTTPClient
    private let token: Secret<String>
    private let endpoints: [String: String]
    private let computeVersion: String
    let projectID: String

    /// Signs in.
    ///
    /// - Throws: `unauthorized` for wrong credentials, `unavailable` when identity cannot be reached.
    init(_ settings: CloudSettings) async throws {
        let client = HTTPClient(authorities: settings.authorities)
        do {
            let answer = try await Self.send(
                client, "POST", settings.authURL + "/auth/tokens", [("Content-Type", "application/json")],
                Self.authentication(settings).serialized(), "identity")
            guard let text = answer.response.header("x-subject-token"), let body = answer.body?["token"] else {
                throw NovaError(.malformed, "Identity sent no token. Is OS_AUTH_URL right?", details: settings.authURL)
            }
            token = Secret(text)
            projectID = body["project"]?["id"]?.stringValue ?? ""
            endpoints = Self.endpoints(body["catalog"]?.arrayValue ?? [], settings)
            computeVersion = settings.computeVersion
            self.client = client
        } catch {
            await client.shutdown()
            // Keystone does not find a token that is not valid; to the user that is no place but a login.
            if let error = error as? NovaError, error.code == .notFound, settings.token != nil {
                throw NovaError(.unauthorized, error.message, details: error.details)
            }
            throw error
        }
    }

    func close() async { await client.shutdown() }

    func get(_ service: Service, _ path: String, _ query: [(String, String)] = []) async throws -> JSONValue {
        let pairs = query.map { "\($0.0)=\(Self.escaped($0.1))" }.joined(separator: "&")
        return try await call(service, "GET", pairs.isEmpty ? path : "\(path)?\(pairs)", nil)
    }

    /// - Parameter time: how long the answer may take.
    func post(
        _ service: Service, _ path: String, _ body: JSONValue, within time: Duration = CloudSession.answerTime
    ) async throws -> JSONValue {
        try await call(service, "POST", path, body, within: time)
    }

    func delete(_ service: Service, _ path: String) async throws {
        _ = try await call(service, "DELETE", path, nil)
    }

    /// The whole address of a service's resource and the headers that every request carries.
    func target(_ service: Service, _ path: String) throws -> (url: String, headers: [(String, String)]) {
        guard var base = endpoints[service.rawValue] else {
            throw NovaError(
                .unavailable,
                "The catalog has no \(service.rawValue) service. Check the project, region and interface you use.")
        }
        while base.hasSuffix("/") { base.removeLast() }
        switch service {  // catalogs hold these with and without their version
        case .image: if !base.hasSuffix("/v2") { base += "/v2" }
        case .network: if !base.hasSuffix("/v2.0") { base += "/v2.0" }
        case .compute, .identity: break
        }
        var headers = [("X-Auth-Token", token.reveal()), ("Accept", "application/json")]
        if service == .compute { headers.append(("OpenStack-API-Version", "compute \(computeVersion)")) }
        return (base + path, headers)
    }

    /// Sends a file as the body of a PUT.
    func put(_ service: Service, _ path: String, file: String) async throws {
        var (url, headers) = try target(service, path)
        headers.append(("Content-Type", "application/octet-stream"))
        let upload = try FileUpload(path: file)
        let answer = try await client.upload(
            "PUT", url, headers: headers, length: upload.length, chunks: upload, timeout: .seconds(3600))
        try Self.check(answer, service.rawValue)
    }

    private func call(
        _ service: Service, _ verb: String, _ path: String, _ body: JSONValue?,
        within time: Duration = CloudSession.answerTime
    ) async throws -> JSONValue {
        var (url, headers) = try target(service, path)
        if body != nil { headers.append(("Content-Type", "application/json")) }
        return try await Self.send(client, verb, url, headers, body?.serialized(), service.rawValue, within: time).body
            ?? .null
    }

    private static func send(
        _ client: HTTPClient, _ verb: String, _ url: String, _ headers: [(String, String)], _ body: [UInt8]?,
        _ service: String, within time: Duration = CloudSession.answerTime
    ) async throws -> Answer {
        let answer: HTTPResponse
        do {
            answer = try await client.request(verb, url, headers: headers, body: body, timeout: time)
        } catch {
            let host = url.split(separator: "/").dropFirst().first.map(String.init) ?? url
            let cause = NovaError(error)
            throw NovaError(
                .unavailable, "Cannot reach the \(service) service at \(host). Is it running, is the address right?",
                details: cause.details.isEmpty ? cause.message : cause.details)
        }
        try check(answer, service)
        let value = answer.body.isEmpty ? nil : try? JSONValue.parse(answer.body)  // plain text is no JSON: no body
        return Answer(response: answer, body: value)
    }

    /// Turns an answer of 400 and above into the error its body tells.
    private static func check(_ answer: HTTPResponse, _ service: String) throws {
        guard answer.status >= 400 else { return }
        let body = (try? JSONValue.parse(answer.body)) ?? .null  // a proxy's page, for example
        let inner = body.objectValue?.first { $0.value.objectValue != nil }?.value ?? body
        let text = inner["message"]?.stringValue ?? inner["detail"]?.stringValue
        let request = answer.header("x-openstack-request-id") ?? ""
        throw NovaError(
            code(answer.status),
            "\(text ?? "The \(service) service answered \(answer.status).")\(advice(answer.status, service, text))",
            details: "\(service) HTTP \(answer.status)\(request.isEmpty ? "" : " \(request)")")
    }

    /// What to do about a refusal.
    private static func advice(_ status: Int, _ service: String, _ text: String?) -> String {
        switch (status, service) {
        case (401, "identity"): " Check OS_USERNAME, OS_PASSWORD, OS_PROJECT_NAME and the domains."
        case (401, _): " The token may have expired: try again, or sign in anew."
        case (403, _) where text?.contains("olicy") ?? false: " Use a user whose role on the project allows it."
        case (503, _): " Try again soon; novactl service list shows what is down."
        default: ""
        }
    }

    private static func code(_ status: Int) -> NovaError.Code {
        switch status {
        case 400: .badRequest
        case 401: .unauthorized
        case 403: .forbidden
        case 404: .notFound
        case 409: .conflict
        case 413: .tooLarge
        case 501: .notImplemented
        case 503: .unavailable
        default: .internal
        }
    }

    private struct Answer {
        let response: HTTPResponse
        let body: JSONValue?
    }

    private static func authentication(_ settings: CloudSettings) -> JSONValue {
        func domain(_ text: String) -> JSONValue {
            text == "default" ? .object(["id": .string(text)]) : .object(["name": .string(text)])
        }
        var identity: JSONObject
        if let token = settings.token {
            identity = ["methods": .array([.string("token")]), "token": .object(["id": .string(token.reveal())])]
        } else {
            let user: JSONObject = [
                "name": .string(settings.userName), "domain": domain(settings.userDomain),
                "password": .string(settings.password.reveal()),
            ]
            identity = [
                "methods": .array([.string("password")]), "password": .object(["user": .object(user)]),
            ]
        }
        var auth: JSONObject = ["identity": .object(identity)]
        if !settings.projectID.isEmpty {
            auth["scope"] = .object(["project": .object(["id": .string(settings.projectID)])])
        } else if !settings.projectName.isEmpty {
            let project: JSONObject = [
                "name": .string(settings.projectName), "domain": domain(settings.projectDomain),
            ]
            auth["scope"] = .object(["project": .object(project)])
        }
        return .object(["auth": .object(auth)])
    }

    /// The first fitting endpoint of each service type.
    private static func endpoints(_ catalog: [JSONValue], _ settings: CloudSettings) -> [String: String] {
        var found: [String: String] = ["identity": settings.authURL]
        for service in catalog {
            guard let type = service["type"]?.stringValue, found[type] == nil || type == "identity" else { continue }
            for endpoint in service["endpoints"]?.arrayValue ?? [] {
                let region = endpoint["region_id"]?.stringValue ?? endpoint["region"]?.stringValue ?? ""
                guard endpoint["interface"]?.stringValue == settings.interface,
                    settings.region.isEmpty || region == settings.region, let url = endpoint["url"]?.stringValue
                else { continue }
                found[type] = url
                break
            }
        }
        return found
    }

    static func escaped(_ text: String) -> String {
        var result = ""
        for byte in text.utf8 {
            switch byte {
            case 48...57, 65...90, 97...122, 45, 46, 95, 126: result.append(Character(UnicodeScalar(byte)))
            default: result += "%" + (byte < 16 ? "0" : "") + String(byte, radix: 16, uppercase: true)
            }
        }
        return result
    }
}
