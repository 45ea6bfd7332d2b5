import NovaWire
import NovaCore
import NovaCrypto
import NovaProcess

/// Makes and checks password hashes on a thread of its own, so many at a time and no more.
final class PasswordDesk: Sendable {
    /// Logins that may wait; the next one is refused with `unavailable`.
    private static let waitingLimit = 64
    private static let timeout = Duration.seconds(30)
    /// Longer passwords would make hashing dear; Keystone's bound.
    static let maximumLength = 4096

    private let threads: WorkerThreads
    private let rounds: Int
    /// A hash that no password has, checked when there is no user: the answer takes as long as for a wrong password.
    private let decoy: String

    init(threads count: Int, rounds: Int) throws {
        threads = WorkerThreads(name: "passwords", count: count, limit: Self.waitingLimit)
        self.rounds = rounds
        decoy = try PasswordHash.make(Secret(RandomBytes.text(entropyBytes: 32)), rounds: rounds)
    }

    /// The hash of a new password.
    ///
    /// - Throws: ``NovaError`` `badRequest` when it is too long, `unavailable` when too many wait.
    func hash(_ password: Secret<String>) async throws -> Secret<String> {
        guard password.reveal().utf8.count <= Self.maximumLength else {
            throw NovaError(.badRequest, "The password is longer than \(Self.maximumLength) bytes.")
        }
        return try await threads.run(within: Self.timeout, "hashing a password") { [rounds] in
            Secret(try PasswordHash.make(password, rounds: rounds))
        }
    }

    /// Whether a password is right; it takes the same time when there is no hash to compare with.
    func verify(_ password: Secret<String>, against hash: Secret<String>?) async throws -> Bool {
        guard password.reveal().utf8.count <= Self.maximumLength else { return false }
        return try await threads.run(within: Self.timeout, "checking a password") { [decoy] in
            let stored = hash?.reveal() ?? ""
            let isRight = PasswordHash.verify(password, against: stored.isEmpty ? decoy : stored)
            return isRight && !stored.isEmpty
        }
    }
}
