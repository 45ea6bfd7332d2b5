public import Logging
public import NovaCore
import NovaCrypto
public import NovaHTTP
import NovaHTTPClient
import NovaSchema
import Synchronization

/// Lets a Keystone of somebody else say who a token belongs to, and remembers its answers for a while.
///
/// When Keystone does not answer in time, requests with tokens that are not remembered get `unavailable`.
public final class KeystoneAuthenticator: ServiceAuthenticator {
    /// Where the Keystone is, and as whom it is asked.
    public struct Settings: Sendable {
        /// The URL up to and with `/v3`.
        public var url: String
        public var username: String
        public var password: Secret<String>
        public var projectName: String
        public var userDomainName: String
        public var projectDomainName: String
        /// How long an answer is taken.
        public var cacheTime: Duration
        /// How long a request waits.
        public var timeout: Duration

        /// `url` may lack the `/v3`.
        public init(
            url: String, username: String, password: Secret<String>, projectName: String,
            userDomainName: String = "Default", projectDomainName: String = "Default",
            cacheTime: Duration = .seconds(300), timeout: Duration = .seconds(10)
        ) {
            var base = url[...]
            while base.last == "/" { base = base.dropLast() }
            self.url = base.hasSuffix("/v3") ? String(base) : "\(base)/v3"
            self.username = username
            self.password = password
            self.projectName = projectName
            self.userDomainName = userDomainName
            self.projectDomainName = projectDomainName
            self.cacheTime = cacheTime
            self.timeout = timeout
        }
    }

    private struct Known: Sendable {
        let caller: Caller
        let until: ContinuousClock.Instant
    }
    private struct State {
        var cache: RecentCache<[UInt8], Known>
        var ownToken: Secret<String>?
    }
    /// Longer tokens are none of Keystone's.
    private static let longestToken = 16_384
    /// Questions at a time; more wait, as long as their request may.
    private static let questions = 32

    private let settings: Settings
    private let client: HTTPClient
    private let log: Logger
    private let state: Mutex<State>
    private let gate = AsyncGate(limit: KeystoneAuthenticator.questions)
    private let login = AsyncGate(limit: 1)

    /// - Parameter capacity: how many tokens are remembered.
    public init(_ settings: Settings, capacity: Int = 10_000, log: Logger) {
        self.settings = settings
        self.log = log
        client = HTTPClient(connectTimeout: min(settings.timeout, .seconds(5)))
        state = Mutex(State(cache: RecentCache(capacity: capacity)))
    }

    /// Waits for the end of the task, and closes the connections.
    public func run() async {
        while !Task.isCancelled { await WakeUp().wait(atMost: .seconds(3600)) }
        await client.shutdown()
    }

    public func authenticate(token: String) async throws -> Caller {
        guard token.utf8.count <= Self.longestToken, token.utf8.allSatisfy({ $0 > 32 && $0 < 127 }) else {
            throw Self.refusal("malformed")
        }
        // The cache must not be a collection of secrets.
        let key = HashAlgorithm.sha256.digest(Array(token.utf8))
        let now = ContinuousClock.now
        if let known = state.withLock({ $0.cache.value(for: key) }), known.until > now,
            known.caller.expires > .now()
        {
            return known.caller
        }
        let caller = try await gate.with { [self] in try await ask(token) }
        guard caller.expires > .now() else { throw Self.refusal("expired") }
        if settings.cacheTime > .zero {
            state.withLock { $0.cache.insert(Known(caller: caller, until: now + settings.cacheTime), for: key) }
        }
        return caller
    }

    private func ask(_ token: String) async throws -> Caller {
        var own = try await ownToken(besides: nil)
        for attempt in 0..<2 {
            let answer = try await send(
                "GET", "/auth/tokens?nocatalog",
                [
                    ("X-Auth-Token", own.reveal()), ("X-Subject-Token", token), ("Accept", "application/json"),
                    ("OpenStack-Identity-Access-Rules", "1.0"),
                ])
            switch answer.status {
            case 200:
                guard let body = (try? answer.json())?["token"], let caller = KeystoneToken.caller(body, token) else {
                    throw unavailable("Keystone's answer is no token")
                }
                return caller
            case 404: throw Self.refusal("Keystone does not know it")
            case 401 where attempt == 0: own = try await ownToken(besides: own)
            case 401, 403: throw unavailable("Keystone does not let \(settings.username) validate tokens")
            default: throw unavailable("Keystone answered \(answer.status)")
            }
        }
        throw unavailable("Keystone refuses the tokens it gives")
    }

    /// Our own token; a new one when `old` is the one that we have.
    private func ownToken(besides old: Secret<String>?) async throws -> Secret<String> {
        try await login.with { [self] in
            if let present = state.withLock({ $0.ownToken }), present != old { return present }
            let answer = try await send(
                "POST", "/auth/tokens?nocatalog", [("Content-Type", "application/json")], loginBody.serialized())
            guard answer.status == 201, let token = answer.header("X-Subject-Token") else {
                let error = unavailable("the login of \(settings.username) was answered with \(answer.status)")
                log.error("cannot log in at Keystone", metadata: ["error": "\(error)"])
                throw error
            }
            let own = Secret(token)
            state.withLock { $0.ownToken = own }
            return own
        }
    }

    private var loginBody: JSONValue {
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

    private func send(
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

    private func unavailable(_ why: String) -> NovaError {
        NovaError(
            .unavailable, "Tokens cannot be checked now. Try again later.", details: "\(settings.url): \(why)")
    }

    private static func refusal(_ why: String) -> NovaError {
        NovaError(.unauthorized, "The request you have made requires authentication.", details: "token: \(why)")
    }
}
