public import Logging
import NovaCore
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
        public var login: KeystoneLogin.Settings
        /// How long an answer is taken.
        public var cacheTime: Duration

        public init(_ login: KeystoneLogin.Settings, cacheTime: Duration = .seconds(300)) {
            self.login = login
            self.cacheTime = cacheTime
        }
    }

    private struct Known: Sendable {
        let caller: Caller
        let until: ContinuousClock.Instant
    }
    /// Longer tokens are none of Keystone's.
    private static let longestToken = 16_384
    /// Questions at a time; more wait, as long as their request may.
    private static let questions = 32

    private let settings: Settings
    private let client: HTTPClient
    private let login: KeystoneLogin
    private let cache: Mutex<RecentCache<[UInt8], Known>>
    private let gate = AsyncGate(limit: KeystoneAuthenticator.questions)

    /// - Parameter capacity: how many tokens are remembered.
    public init(_ settings: Settings, capacity: Int = 10_000, log: Logger) {
        self.settings = settings
        client = HTTPClient(connectTimeout: min(settings.login.timeout, .seconds(5)))
        login = KeystoneLogin(settings.login, client: client, log: log)
        cache = Mutex(RecentCache(capacity: capacity))
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
        if let known = cache.withLock({ $0.value(for: key) }), known.until > now,
            known.caller.expires > .now()
        {
            return known.caller
        }
        let caller = try await gate.with { [self] in try await ask(token) }
        guard caller.expires > .now() else { throw Self.refusal("expired") }
        if settings.cacheTime > .zero {
            cache.withLock { $0.insert(Known(caller: caller, until: now + settings.cacheTime), for: key) }
        }
        return caller
    }

    private func ask(_ token: String) async throws -> Caller {
        var own = try await login.token()
        for attempt in 0..<2 {
            let answer = try await login.send(
                "GET", "/auth/tokens?nocatalog",
                [
                    ("X-Auth-Token", own.reveal()), ("X-Subject-Token", token), ("Accept", "application/json"),
                    ("OpenStack-Identity-Access-Rules", "1.0"),
                ])
            switch answer.status {
            case 200:
                guard let body = (try? answer.json())?["token"], let caller = KeystoneToken.caller(body, token) else {
                    throw login.unavailable("Keystone's answer is no token")
                }
                return caller
            case 404: throw Self.refusal("Keystone does not know it")
            case 401 where attempt == 0: own = try await login.token(besides: own)
            case 401, 403: throw login.unavailable("Keystone does not let \(settings.login.username) validate tokens")
            default: throw login.unavailable("Keystone answered \(answer.status)")
            }
        }
        throw login.unavailable("Keystone refuses the tokens it gives")
    }

    private static func refusal(_ why: String) -> NovaError {
        NovaError(.unauthorized, "The request you have made requires authentication.", details: "token: \(why)")
    }
}
