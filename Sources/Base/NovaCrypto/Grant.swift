public import NovaCore
public import NovaWire

/// What a grant lets its host do with the image.
public enum GrantAccess: String, WireEnum {
    case read
    case write
}

/// A conductor's permission for one compute host to read or write one image, in place of a user's token.
public struct Grant: SignedRecord, Equatable {
    public static let prefix = "ng1"
    public static let maximumTextLength = 2_048

    public var keyID = ""
    public var imageID = ImageID.none
    /// The only host that may use the grant.
    public var host = ""
    public var access = GrantAccess.read
    /// The content that is meant, as `algorithm:hex`; empty when it is not known beforehand.
    public var checksum = ""
    public var expires = Timestamp(microseconds: 0)

    public init() {}
    public init(imageID: ImageID, host: String, access: GrantAccess, checksum: String = "", expires: Timestamp) {
        self.imageID = imageID
        self.host = host
        self.access = access
        self.checksum = checksum
        self.expires = expires
    }

    public mutating func fields<V: FieldVisitor>(_ visitor: inout V) {
        visitor.visit("key_id", &keyID)
        visitor.visit("image_id", &imageID)
        visitor.visit("host", &host)
        visitor.visit("access", &access)
        visitor.visit("checksum", &checksum)
        visitor.visit("expires", &expires)
    }
}

/// Makes grants; only conductors have one.
public typealias GrantSigner = RecordSigner<Grant>
/// Checks grants.
public typealias GrantVerifier = RecordVerifier<Grant>
