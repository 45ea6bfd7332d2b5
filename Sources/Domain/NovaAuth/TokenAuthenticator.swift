public import Logging
import NovaCore
public import NovaCrypto
public import NovaHTTP
public import NovaInterfaces
public import NovaRPC
import NovaWire
import Synchronization

/// Validates tokens in this process: Ed25519 with identity's public keys, a cache of validated tokens, and the list
/// of revocations.
///
/// Identity is asked only at start, for an unknown key, after a gap in the numbers of revocations, and when the list
/// was not confirmed for 30 seconds. When it does not answer then, requests get `unavailable`: a revoked token is
/// never taken.
public final class TokenAuthenticator: Authenticator {
    private struct Known: Sendable {
        let claims: TokenClaims
        let caller: Caller
    }
    private struct State {
        var revocations = RevocationSet()
        var verifier = TokenVerifier(keys: [])
        var keysFetched: ContinuousClock.Instant?
        var cache: RecentCache<String, Known>
    }
    /// An unknown key makes us ask identity at most this often.
    private static let keysRefetchAfter = Duration.seconds(5)
    /// ``run()`` confirms the list this often, well within the time it is trusted for.
    private static let refreshEvery = Duration.seconds(10)

    private let source: any IdentitySource
    private let log: Logger
    private let state: Mutex<State>
    private let gate = AsyncGate(limit: 1)
    private let wake = WakeUp()

    /// An authenticator that asks a source.
    ///
    /// - Parameter capacity: how many validated tokens are remembered.
    public init(source: any IdentitySource, capacity: Int = 10_000, log: Logger) {
        self.source = source
        self.log = log
        state = Mutex(State(cache: RecentCache(capacity: capacity)))
    }

    /// An authenticator over the queue, subscribed to revocations.
    ///
    /// Run ``run()`` beside the service.
    /// - Throws: what the subscription throws. Identity need not be there yet.
    public static func connect(bus: RPCBus, capacity: Int = 10_000, log: Logger) async throws -> TokenAuthenticator {
        let authenticator = TokenAuthenticator(source: RemoteIdentity(bus: bus), capacity: capacity, log: log)
        var dispatcher = RPCDispatcher()
        dispatcher.on(RevocationAdded.self) { [weak authenticator] added, _ in
            authenticator?.receive(added.revocation)
            return Nothing()
        }
        try await bus.subscribe(dispatcher, fanout: RevocationAdded.topic)
        return authenticator
    }

    /// Keeps the list of revocations confirmed until the task is cancelled, so that requests need not wait for it.
    public func run() async {
        while !Task.isCancelled {
            do {
                try await refresh(force: true)
            } catch is CancellationError {
                return
            } catch {
                log.warning("revocations could not be fetched", metadata: ["error": "\(error)"])
            }
            await wake.wait(atMost: Self.refreshEvery)
        }
    }

    /// Asks identity for its keys and revocations at once.
    ///
    /// - Throws: ``NovaError`` `unavailable` when it does not answer.
    public func refresh() async throws { try await refresh(force: true) }

    /// Takes a revocation that was announced.
    public func receive(_ revocation: Revocation) {
        let outcome = state.withLock { $0.revocations.receive(revocation) }
        if outcome == .gap { wake.signal() }
    }

    /// Who sends a token.
    ///
    /// - Throws: ``NovaError`` `unauthorized` for a token that is malformed, forged, expired or revoked; `unavailable`
    ///   when that cannot be known now.
    public func authenticate(token: String) async throws -> Caller { try await known(token).caller }

    /// What a valid token says.
    ///
    /// - Throws: as ``authenticate(token:)``.
    public func claims(of token: String) async throws -> TokenClaims { try await known(token).claims }

    private func known(_ token: String) async throws -> Known {
        if state.withLock({ $0.revocations.isStale(at: .now) }) { try await refresh(force: false) }
        let now = Timestamp.now()
        if let known = state.withLock({ $0.cache.value(for: token) }) { return try check(known, now) }
        let claims: TokenClaims
        do {
            claims = try await verify(token, now)
        } catch {
            throw Self.refusal("\(error)")
        }
        let known = try check(Known(claims: claims, caller: Self.caller(of: claims, token)), now)
        state.withLock { state in
            // The keys may have changed meanwhile, and the cache been emptied.
            if state.verifier.keyIDs.contains(claims.keyID) { state.cache.insert(known, for: token) }
        }
        return known
    }

    private func check(_ known: Known, _ now: Timestamp) throws -> Known {
        guard known.claims.expires > now else { throw Self.refusal("expired") }
        guard !state.withLock({ $0.revocations.isRevoked(known.claims) }) else { throw Self.refusal("revoked") }
        return known
    }

    /// - Throws: ``SignatureError``, or ``NovaError`` when an unknown key cannot be looked up.
    private func verify(_ token: String, _ now: Timestamp) async throws -> TokenClaims {
        do {
            return try currentVerifier.verify(token, now: now)
        } catch {
            guard case .unknownKey(let id) = error else { throw error }
            try await fetchKeys(for: id)
        }
        if state.withLock({ $0.revocations.isStale(at: .now) }) { try await refresh(force: false) }
        return try currentVerifier.verify(token, now: now)
    }

    private var currentVerifier: TokenVerifier { state.withLock { $0.verifier } }

    private func fetchKeys(for id: String) async throws {
        try await gate.with { [self] in
            let isRecent = state.withLock { state in
                state.verifier.keyIDs.contains(id)
                    || state.keysFetched.map { .now - $0 < Self.keysRefetchAfter } ?? false
            }
            guard !isRecent else { return }
            try await replaceKeys()
        }
    }

    private func replaceKeys() async throws {
        let keys: [VerifyingKey]
        do { keys = try await source.keys() } catch { throw Self.unavailable(error) }
        state.withLock { state in
            state.keysFetched = .now
            let verifier = TokenVerifier(keys: keys)
            guard verifier.keyIDs != state.verifier.keyIDs else { return }
            // Only other keys may mean another database of identity, whose revocations count anew.
            if state.verifier.keyIDs.isDisjoint(with: verifier.keyIDs), !state.verifier.keyIDs.isEmpty {
                state.revocations = RevocationSet()
            }
            state.verifier = verifier
            state.cache.removeAll()
        }
    }

    /// Asks identity for keys (when forced) and revocations; one caller at a time, the others use what it got.
    private func refresh(force: Bool) async throws {
        try await gate.with { [self] in
            guard force || state.withLock({ $0.revocations.isStale(at: .now) }) else { return }
            if force || state.withLock({ $0.keysFetched == nil }) { try await replaceKeys() }
            // The second round happens only when identity started anew.
            for _ in 0..<2 {
                let after = state.withLock { $0.revocations.sequence }
                let asked = ContinuousClock.now
                let answer: RevocationList.Response
                do { answer = try await source.revocations(after: after) } catch { throw Self.unavailable(error) }
                let isDone = state.withLock { state in
                    state.revocations.merge(after: after, answer, asked: asked, now: .now())
                }
                if isDone { return }
            }
            throw NovaError(
                .unavailable, "Tokens cannot be checked now. Try again later.", details: "revocations restart")
        }
    }

    private static func caller(of claims: TokenClaims, _ token: String) -> Caller {
        Caller(
            userID: claims.userID, userName: claims.userName, userDomainID: claims.userDomainID,
            userDomainName: claims.userDomainName, projectID: claims.projectID, projectName: claims.projectName,
            projectDomainID: claims.projectDomainID, projectDomainName: claims.projectDomainName,
            domainID: claims.domainID, isSystemScoped: claims.isSystem, roles: claims.roles.map(\.name),
            isAdmin: claims.isAdmin, tokenID: Secret(token), expires: claims.expires,
            accessRules: claims.applicationCredential.flatMap { credential -> [AccessRulePattern]? in
                guard credential.hasAccessRules else { return nil }
                return credential.accessRules.map {
                    AccessRulePattern(service: $0.service, method: $0.method, path: $0.path)
                }
            })
    }

    private static func unavailable(_ error: any Error) -> any Error {
        if error is CancellationError { return error }
        return NovaError(
            .unavailable, "Tokens cannot be checked now. Try again later.", details: "identity: \(NovaError(error))")
    }

    private static func refusal(_ why: String) -> NovaError {
        NovaError(.unauthorized, "The request you have made requires authentication.", details: "token: \(why)")
    }
}
