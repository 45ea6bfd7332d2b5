public import NovaCore
public import NovaWire

/// A user's key, put into servers.
public struct KeyPair: Record, Equatable {
    public var userID = UserID("")
    public var name = ""
    /// `ssh` or `x509`.
    public var type = "ssh"
    public var publicKey = ""
    public var fingerprint = ""
    public var sequence: Int64 = 0
    public var createdAt = Timestamp(microseconds: 0)

    public init() {}

    @inlinable
    public mutating func fields<V: FieldVisitor>(_ visitor: inout V) {
        visitor.visit("user_id", &userID)
        visitor.visit("name", &name)
        visitor.visit("type", &type)
        visitor.visit("public_key", &publicKey)
        visitor.visit("fingerprint", &fingerprint)
        visitor.visit("sequence", &sequence)
        visitor.visit("created_at", &createdAt)
    }
}
