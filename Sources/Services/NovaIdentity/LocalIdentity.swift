import NovaDatabase
import NovaAuth
import NovaCrypto
import NovaInterfaces

/// Identity's own view of keys and revocations: its database, without the queue.
struct LocalIdentity: IdentitySource {
    let store: IdentityStore
    let keyRing: KeyRing

    func keys() async throws -> [VerifyingKey] { keyRing.verifyingKeys }
    func revocations(after: Int64) async throws -> RevocationList.Response { try await store.revocations(after: after) }
}
