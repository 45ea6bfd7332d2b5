public import NovaCore
public import NovaDatabase
public import NovaModel
import NovaWire

/// Key pairs, inside one transaction.
public struct KeyPairTable {
    private let connection: Connection

    public init(_ connection: Connection) { self.connection = connection }

    public func list(of user: UserID) throws -> [KeyPair] {
        try connection.records(
            KeyPair.self, from: "key_pairs", where: "user_id = ?", [user.column], suffix: "ORDER BY name")
    }

    public func find(_ name: String, of user: UserID) throws -> KeyPair? {
        try connection.record(
            KeyPair.self, from: "key_pairs", where: "user_id = ? AND name = ?", [user.column, .text(name)])
    }

    /// Adds a key pair.
    ///
    /// - Throws: `conflict` when the user has one of that name.
    public func insert(_ keyPair: inout KeyPair) throws {
        keyPair.sequence =
            try connection.row("SELECT coalesce(max(sequence), 0) + 1 FROM key_pairs") { try $0.int(0) } ?? 1
        try connection.insert(keyPair, into: "key_pairs")
    }

    /// Whether there was one to delete.
    public func delete(_ name: String, of user: UserID) throws -> Bool {
        try connection.execute(
            "DELETE FROM key_pairs WHERE user_id = ? AND name = ?", [user.column, .text(name)]) > 0
    }
}
