import Logging
import NovaAuth
import NovaConfig
import NovaCore
import NovaHTTPClient
import NovaSchema
import NovaService

/// The Image API of a Glance of somebody else, asked as a service user.
struct GlanceClient: Sendable {
    /// The URL before `/v2`.
    let base: String
    let http: HTTPClient
    /// Nil for a Glance that takes requests without a token.
    let login: KeystoneLogin?
    let timeout: Duration

    init(base: String, http: HTTPClient, login: KeystoneLogin?, timeout: Duration) {
        var base = base[...]
        while base.last == "/" { base = base.dropLast() }
        self.base = base.hasSuffix("/v2") ? String(base.dropLast(3)) : String(base)
        self.http = http
        self.login = login
        self.timeout = timeout
    }

    init(_ config: Configuration, log: Logger) {
        let timeout = Duration.seconds(config[GlanceOptions.timeout])
        let authorities = config[GlanceOptions.authorities]
        let http = HTTPClient(
            authorities: authorities.isEmpty ? config[CommonOptions.authoritiesFile] : authorities,
            readTimeout: timeout)
        let url = config[GlanceOptions.authURL]
        let user = KeystoneLogin.Settings(config, GlanceOptions.login, url: url, timeout: timeout)
        self.init(
            base: config[GlanceOptions.endpoint], http: http,
            login: url.isEmpty ? nil : KeystoneLogin(user, client: http, log: log), timeout: timeout)
    }

    /// Sends a request and gives its answer: one of success, or of the statuses that the caller knows what to do with.
    func send(
        _ verb: String, _ path: String, headers: [(String, String)] = [], body: JSONValue? = nil,
        limit: Int = HTTPClient.bodyLimit, knowing: Set<Int> = []
    ) async throws -> HTTPResponse {
        var headers = headers + [("Accept", "application/json")]
        if body != nil { headers.append(("Content-Type", "application/json")) }
        let bytes = body?.serialized()
        let answer = try await authorized(status: \.status) { [headers] token in
            try await http.request(
                verb, base + path, headers: headers + token, body: bytes, timeout: timeout, limit: limit)
        }
        guard (200..<300).contains(answer.status) || knowing.contains(answer.status) else {
            throw Self.error(answer.status)
        }
        return answer
    }

    /// An image.
    ///
    /// - Throws: ``NovaError`` `notFound` when there is none.
    func image(_ id: ImageID) async throws -> GlanceImage {
        try GlanceImage(try await send("GET", "/v2/images/\(id)").json())
    }

    /// Begins to fetch an image's data.
    func open(_ id: ImageID) async throws -> HTTPDownload {
        let answer = try await authorized(status: \.status) { token in
            try await http.open("\(base)/v2/images/\(id)/file", headers: token, timeout: timeout)
        }
        guard answer.status == 200 || answer.status == 204 else { throw Self.error(answer.status) }
        return answer
    }

    /// Sends an image's data; after another request, which has renewed the token: data cannot be sent twice.
    func upload<Chunks: AsyncSequence & Sendable>(
        _ id: ImageID, length: Int64?, chunks: Chunks, timeout: Duration
    ) async throws where Chunks.Element == [UInt8] {
        let headers = try await header(login?.token()) + [("Content-Type", "application/octet-stream")]
        let answer = try await http.upload(
            "PUT", "\(base)/v2/images/\(id)/file", headers: headers, length: length, chunks: chunks, timeout: timeout)
        guard (200..<300).contains(answer.status) else { throw Self.error(answer.status) }
    }

    /// Sends with the service user's token; once more with a new one when Glance does not take it.
    private func authorized<Answer>(
        status: KeyPath<Answer, Int>, _ body: (_ headers: [(String, String)]) async throws -> Answer
    ) async throws -> Answer {
        guard let login else { return try await body([]) }
        let token = try await login.token()
        let answer = try await body(header(token))
        guard answer[keyPath: status] == 401 else { return answer }
        return try await body(header(try await login.token(besides: token)))
    }

    private func header(_ token: Secret<String>?) -> [(String, String)] {
        token.map { [("X-Auth-Token", $0.reveal())] } ?? []
    }

    private static func error(_ status: Int) -> NovaError {
        let details = "Glance answered \(status)"
        return switch status {
        case 401, 403:
            NovaError(.unavailable, "The image service cannot be used now.", details: "\(details): see [glance]")
        case 404: NovaError(.notFound, "The image could not be found.", details: details)
        case 409: NovaError(.conflict, "The image is in another state, or there already.", details: details)
        case 410: NovaError(.gone, "The image was deleted.", details: details)
        case 413: NovaError(.tooLarge, "The image is too large for the image service.", details: details)
        case 400..<500: NovaError(.badRequest, "The image service refused the request.", details: details)
        default: NovaError(.unavailable, "The image service failed.", details: details)
        }
    }
}
