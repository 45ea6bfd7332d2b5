public import NovaCore
public import NovaRPC
public import NovaWire

/// What services that check tokens ask the identity service.
///
/// See `proto-spec/rpc/identity.md`.
public enum IdentityInterface: RPCInterface {
    public static let topic = "identity"
    public static let methods: [any RPCMethod.Type] = [IdentityKeys.self, RevocationList.self]
}

/// What the identity service tells all that check tokens: fanout only.
///
/// See `proto-spec/rpc/revocations.md`.
public enum RevocationsInterface: RPCInterface {
    public static let topic = "revocations"
    public static let methods: [any RPCMethod.Type] = [RevocationAdded.self]
}

/// The public keys that verify tokens, current and former.
public struct IdentityKeys: RPCMethod, Equatable {
    public static let topic = "identity"
    public static let name = "keys"
    public static let number: UInt16 = 1
    public static let isIdempotent = true

    public struct Response: Record, Equatable {
        public var keys: [PublicKeyRecord] = []
        public init() {}
        @inlinable
        public mutating func fields<V: FieldVisitor>(_ visitor: inout V) { visitor.visit("keys", &keys) }
    }

    public init() {}
    @inlinable
    public mutating func fields<V: FieldVisitor>(_ visitor: inout V) {}
}

/// One revocation: tokens of the subject issued before the time are void.
public struct Revocation: Record, Equatable {
    public enum Subject: String, WireEnum {
        case token
        case user
        case project
        case role
        case domain
        /// What a user may do in one place.
        case grant
        case applicationCredential = "application_credential"
    }
    /// Grows by one with each revocation: a gap means that one was missed.
    public var sequence: Int64 = 0
    public var subject = Subject.token
    /// The audit id of a token, or the id of the user, project, role, domain or application credential.
    ///
    /// For a grant: the user's id, a space, and the project's or domain's id or `system`.
    public var id = ""
    public var issuedBefore = Timestamp(microseconds: 0)
    /// When it may be forgotten: the tokens have expired by themselves.
    public var expiresAt = Timestamp(microseconds: 0)

    public init() {}

    @inlinable
    public mutating func fields<V: FieldVisitor>(_ visitor: inout V) {
        visitor.visit("sequence", &sequence)
        visitor.visit("subject", &subject)
        visitor.visit("id", &id)
        visitor.visit("issued_before", &issuedBefore)
        visitor.visit("expires_at", &expiresAt)
    }
}

/// The revocations after a sequence number; 0 asks for all that still matter.
public struct RevocationList: RPCMethod, Equatable {
    public static let topic = "identity"
    public static let name = "revocation_list"
    public static let number: UInt16 = 2
    public static let isIdempotent = true

    public struct Response: Record, Equatable {
        public var sequence: Int64 = 0
        public var revocations: [Revocation] = []
        public init() {}
        @inlinable
        public mutating func fields<V: FieldVisitor>(_ visitor: inout V) {
            visitor.visit("sequence", &sequence)
            visitor.visit("revocations", &revocations)
        }
    }

    public var after: Int64 = 0

    public init() {}
    public init(after: Int64) { self.after = after }

    @inlinable
    public mutating func fields<V: FieldVisitor>(_ visitor: inout V) { visitor.visit("after", &after) }
}

/// Fanout to all that validate tokens.
public struct RevocationAdded: RPCMethod, Equatable {
    public typealias Response = Nothing
    public static let topic = "revocations"
    public static let name = "added"
    public static let number: UInt16 = 1
    public static let delivery = RPCDelivery.fanout
    public static let isIdempotent = true

    public var revocation = Revocation()

    public init() {}
    public init(_ revocation: Revocation) { self.revocation = revocation }

    @inlinable
    public mutating func fields<V: FieldVisitor>(_ visitor: inout V) { visitor.visit("revocation", &revocation) }
}
