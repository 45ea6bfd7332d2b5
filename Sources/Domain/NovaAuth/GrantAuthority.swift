public import NovaCore
public import NovaCrypto
import NovaInterfaces
public import NovaRPC
import NovaWire
import Synchronization

/// Checks grants: those by which compute hosts read and write images, and those by which they connect to each other.
///
/// The keys are the conductors', fetched from them.
public final class GrantAuthority: Sendable {
    private struct State {
        var keys: [VerifyingKey] = []
        var fetched: ContinuousClock.Instant?
    }
    /// An unknown key makes us ask the conductor at most this often.
    private static let refetchAfter = Duration.seconds(5)

    private let fetch: @Sendable () async throws -> [VerifyingKey]
    private let state = Mutex(State())
    private let gate = AsyncGate(limit: 1)

    /// Checks with the keys that conductors answer with.
    public convenience init(bus: RPCBus) {
        self.init(keys: {
            let answer = try await bus.call(
                GrantKeys(), to: .topic(GrantKeys.topic), context: .system(), timeout: .seconds(5))
            return try answer.keys.map { try VerifyingKey(bytes: $0.publicKey.bytes) }
        })
    }

    /// Checks with the keys that a closure gives.
    public init(keys fetch: @escaping @Sendable () async throws -> [VerifyingKey]) { self.fetch = fetch }

    /// The grant in signed text, once it has been found to allow an access to an image.
    ///
    /// A grant to write allows to read as well. The caller compares the grant's `host` with whom it talks to.
    /// - Throws: ``NovaError`` `unauthorized` for text that is no valid grant, `forbidden` for a grant of something
    ///   else, `unavailable` when no conductor gave its keys.
    public func check(_ text: String, image: ImageID, access: GrantAccess) async throws -> Grant {
        let grant: Grant = try await verify(text)
        guard grant.imageID == image, grant.access == access || grant.access == .write else {
            throw NovaError(.forbidden, "The grant does not allow this access to this image.")
        }
        return grant
    }

    /// The grant in signed text, once its signature and its expiry have been checked.
    ///
    /// - Throws: ``NovaError`` `unauthorized` for text that is no valid grant of this kind, `unavailable` when no
    ///   conductor gave its keys.
    public func verify<Content: SignedRecord>(_ text: String) async throws -> Content {
        do {
            return try verifier().verify(text)
        } catch {
            guard case .unknownKey(let id) = error else { throw Self.refusal(error) }
            try await fetchKeys(for: id)
        }
        do {
            return try verifier().verify(text)
        } catch {
            throw Self.refusal(error)
        }
    }

    private func verifier<Content: SignedRecord>() -> RecordVerifier<Content> {
        RecordVerifier(keys: state.withLock { $0.keys })
    }

    private func fetchKeys(for id: String) async throws {
        try await gate.with { [self] in
            let isRecent = state.withLock { state in
                state.keys.contains { $0.id == id } || state.fetched.map { .now - $0 < Self.refetchAfter } ?? false
            }
            guard !isRecent else { return }
            let keys: [VerifyingKey]
            do {
                keys = try await fetch()
            } catch {
                throw NovaError(
                    .unavailable, "Grants cannot be checked now. Try again later.",
                    details: "grant keys of the conductor: \(NovaError(error))")
            }
            state.withLock { state in
                state.keys = keys
                state.fetched = .now
            }
        }
    }

    private static func refusal(_ error: SignatureError) -> NovaError {
        NovaError(.unauthorized, "The grant is not valid.", details: "\(error)")
    }
}
