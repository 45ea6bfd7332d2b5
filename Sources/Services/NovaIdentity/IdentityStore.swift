import NovaCore
import NovaDatabase
import NovaInterfaces
import NovaWire
import Synchronization

/// The database of identity.
///
/// A change that makes tokens void is written together with its revocations, which are
/// announced once they are durable.
final class IdentityStore: Sendable {
    typealias Announcement = @Sendable ([Revocation]) async -> Void

    let database: Database
    private let tokenLifetime: Int64
    private let announce = Mutex<Announcement?>(nil)

    /// - Parameter tokenLifetime: seconds after which no token of today is valid any more.
    init(database: Database, tokenLifetime: Int64) {
        self.database = database
        self.tokenLifetime = tokenLifetime
    }

    /// Calls this with the revocations of each change, in the task that made it.
    func onRevocation(_ announcement: @escaping Announcement) { announce.withLock { $0 = announcement } }

    /// Runs a closure that only reads.
    func read<T: Sendable>(_ body: @escaping @Sendable (Connection) throws -> T) async throws -> T {
        try await database.read(body)
    }

    /// Runs a closure that writes, and announces what it revoked.
    func change<T: Sendable>(
        _ body: @escaping @Sendable (Connection, inout Revoker) throws -> T
    ) async throws -> T {
        let (value, revocations) = try await database.write { [tokenLifetime] connection in
            var revoker = Revoker(lifetime: tokenLifetime)
            let value = try body(connection, &revoker)
            return (value, revoker.revocations)
        }
        if !revocations.isEmpty, let announcement = announce.withLock({ $0 }) { await announcement(revocations) }
        return value
    }

    /// The revocations after a number, and the last number given.
    func revocations(after: Int64) async throws -> RevocationList.Response {
        try await read { connection in
            var answer = RevocationList.Response()
            answer.sequence = try Revoker.lastSequence(connection)
            answer.revocations = try connection.records(
                Revocation.self, from: "revocations", where: "sequence > ? AND expires_at > ?",
                [.integer(after), Timestamp.now().column], suffix: "ORDER BY sequence")
            return answer
        }
    }

    /// Removes the revocations whose tokens have all expired.
    func forgetExpiredRevocations() async throws {
        try await database.write { connection in
            _ = try connection.execute("DELETE FROM revocations WHERE expires_at <= ?", [Timestamp.now().column])
        }
    }
}

/// Writes revocations within a change.
struct Revoker {
    /// Clocks of other hosts may be behind by this many seconds.
    private static let clockTolerance: Int64 = 300

    let lifetime: Int64
    private(set) var revocations: [Revocation] = []

    init(lifetime: Int64) { self.lifetime = lifetime }

    /// Makes void the tokens of a subject that were issued until now.
    mutating func revoke(_ subject: Revocation.Subject, _ id: String, in connection: Connection) throws {
        var revocation = Revocation()
        revocation.subject = subject
        revocation.id = id
        revocation.issuedBefore = .now()
        revocation.expiresAt = revocation.issuedBefore.adding(seconds: lifetime + Self.clockTolerance)
        revocation.sequence = try Self.lastSequence(connection) + 1
        try connection.insert(revocation, into: "revocations")
        try connection.execute(
            """
            INSERT INTO settings (name, value) VALUES ('revocation_sequence', ?)
            ON CONFLICT (name) DO UPDATE SET value = excluded.value
            """, [.text(String(revocation.sequence))])
        revocations.append(revocation)
    }

    /// The last number that was given, also when its revocation was removed since.
    static func lastSequence(_ connection: Connection) throws -> Int64 {
        let text = try connection.row("SELECT value FROM settings WHERE name = 'revocation_sequence'") {
            try $0.text(0)
        }
        return text.flatMap { Int64($0) } ?? 0
    }
}
