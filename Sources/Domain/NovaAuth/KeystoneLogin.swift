public import Logging
public import NovaConfig
public import NovaCore
public import NovaHTTPClient
import NovaSchema
public import NovaService
import Synchronization

/// A service user's token of a Keystone: asked for once, kept until somebody refuses it.
public final class KeystoneLogin: Sendable {
    /// Where the Keystone is, and who logs in.
    public struct Settings: Sendable {
        /// The URL up to and with `/v3`.
        public var url: String
        public var username: String
        public var password: Secret<String>
        public var projectName: String
        public var userDomainName: String
        public var projectDomainName: String
        /// How long a request waits.
        public var timeout: Duration

        /// `url` may lack the `/v3`.
        public init(
            url: String, username: String, password: Secret<String>, projectName: String,
            userDomainName: String = "Default", projectDomainName: String = "Default",
            timeout: Duration = .seconds(10)
        ) {
            var base = url[...]
            while base.last == "/" { base = base.dropLast() }
            self.url = base.hasSuffix("/v3") ? String(base) : "\(base)/v3"
            self.username = username
            self.password = password
            self.projectName = projectName
            self.userDomainName = userDomainName
            self.projectDomainName = projectDomainName
            self.timeout = timeout
        }

        /// Whoever the options of a section name.
        public init(_ config: Configuration, _ options: LoginOptions, url: String, timeout: Duration) {
            self.init(
                url: url, username: config[options.username], password: Secret(config[options.password]),
                projectName: config[options.projectName], userDomainName: config[options.userDomainName],
                projectDomainName: config[options.projectDomainName], timeout: timeout)
        }
    }

    let settings: Settings
    private let client: HTTPClient
    private let log: Logger
    private let known = Mutex<Secret<String>?>(nil)
    private let gate = AsyncGate(limit: 1)

    /// Nothing is sent before the first ``token(besides:)``.
    public init(_ settings: Settings, client: HTTPClient, log: Logger) {
        self.settings = settings
        self.client = client
        self.log = log
    }

    /// The user's token; a new one when `refused` is the one that is known.
    ///
    /// - Throws: ``NovaError`` `unavailable` when Keystone does not answer, or does not let the user in.
    public func token(besides refused: Secret<String>? = nil) async throws -> Secret<String> {
        try await gate.with { [self] in
            if let present = known.withLock({ $0 }), present != refused { return present }
            let answer = try await send(
                "POST", "/auth/tokens?nocatalog", [("Content-Type", "application/json")], body.serialized())
            guard answer.status == 201, let token = answer.header("X-Subject-Token") else {
                let error = unavailable("the login of \(settings.username) was answered with \(answer.status)")
                log.error("cannot log in at Keystone", metadata: ["error": "\(error)"])
                throw error
            }
            let own = Secret(token)
            known.withLock { $0 = own }
            return own
        }
    }

    /// Asks Keystone itself.
    func send(
        _ verb: String, _ path: String, _ headers: [(String, String)], _ body: [UInt8]? = nil
    ) async throws -> HTTPResponse {
        do {
            return try await client.request(
                verb, settings.url + path, headers: headers, body: body, timeout: settings.timeout, limit: 1 << 20)
        } catch let error as CancellationError {
            throw error
        } catch {
            throw unavailable("\(NovaError(error))")
        }
    }

    func unavailable(_ why: String) -> NovaError {
        NovaError(
            .unavailable, "Tokens cannot be checked now. Try again later.", details: "\(settings.url): \(why)")
    }

    private var body: JSONValue {
        let user: JSONValue = [
            "name": .string(settings.username), "password": .string(settings.password.reveal()),
            "domain": ["name": .string(settings.userDomainName)],
        ]
        let project: JSONValue = [
            "name": .string(settings.projectName), "domain": ["name": .string(settings.projectDomainName)],
        ]
        return [
            "auth": [
                "identity": ["methods": ["password"], "password": ["user": user]], "scope": ["project": project],
            ]
        ]
    }
}
