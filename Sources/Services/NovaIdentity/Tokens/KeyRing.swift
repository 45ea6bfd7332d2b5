import NovaCore
import NovaCrypto
import Synchronization

/// The keys of tokens: one signs, all verify.
///
/// A new key is published first and signs only when every service has had the time to fetch it; an old one verifies
/// until the last token that it signed has expired. So a rotation logs nobody out.
final class KeyRing: Sendable {
    /// How long a key is known before it signs: services fetch the keys every ten seconds.
    static let publishedFor = Duration.seconds(30)

    private struct State {
        var keys: [(key: TokenKey, signer: TokenSigner)]
        /// What signs before any key has been published for long enough.
        var oldest: TokenSigner
    }
    private let state: Mutex<State>

    /// - Throws: ``NovaError`` `malformed` when there is no key.
    init(_ keys: [TokenKey]) throws {
        guard let state = Self.state(keys) else {
            throw NovaError(.malformed, "There is no key to sign tokens with.")
        }
        self.state = Mutex(state)
    }

    private static func state(_ keys: [TokenKey]) -> State? {
        let sorted = keys.sorted { $0.created < $1.created }.map { (key: $0, signer: TokenSigner(key: $0.key)) }
        return sorted.first.map { State(keys: sorted, oldest: $0.signer) }
    }

    /// What signs now: the newest key that has been published for long enough, else the oldest.
    var signer: TokenSigner { signer(at: .now()) }

    func signer(at now: Timestamp) -> TokenSigner {
        state.withLock { state in
            state.keys.last { $0.key.created.adding(Self.publishedFor) <= now }?.signer ?? state.oldest
        }
    }

    /// The public keys, current, coming and former.
    var verifyingKeys: [VerifyingKey] { state.withLock { $0.keys.map(\.key.key.verifyingKey) } }

    /// Takes other keys.
    ///
    /// - Returns: whether they were other ones.
    func replace(_ keys: [TokenKey]) -> Bool {
        state.withLock { state in
            let known = Set(state.keys.map(\.key.key.id))
            guard Set(keys.map(\.key.id)) != known, let new = Self.state(keys) else { return false }
            state = new
            return true
        }
    }
}

/// A key of tokens, and since when it is known.
struct TokenKey: Sendable {
    let key: SigningKey
    let created: Timestamp
}
