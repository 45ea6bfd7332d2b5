public import NovaCore
public import NovaDatabase
import NovaWire

/// The keys that sign grants: shared by all conductors, and known to nobody else.
public struct SigningKeyTable {
    private let connection: Connection

    public init(_ connection: Connection) { self.connection = connection }

    /// Key ids and private keys, oldest first.
    public func list() throws -> [(id: String, key: Secret<[UInt8]>)] {
        try connection.rows("SELECT key_id, private_key FROM signing_keys ORDER BY created_at, key_id") {
            (try $0.text(0), Secret(try $0.blob(1)))
        }
    }

    public func insert(id: String, key: Secret<[UInt8]>, at time: Timestamp = .now()) throws {
        try connection.execute(
            "INSERT INTO signing_keys (key_id, private_key, created_at) VALUES (?, ?, ?)",
            [.text(id), .blob(key.reveal()), time.column])
    }
}
