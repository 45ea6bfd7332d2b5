public import NovaCore
public import NovaModel
public import NovaRPC
public import NovaWire

/// Makes the image of a snapshot, without data; one that is there already is left as it is.
///
/// - Throws: ``NovaError`` `gone` when it was deleted meanwhile, `conflict` when the id is another's.
public struct AddSnapshotImage: RPCMethod, Equatable {
    public typealias Response = Nothing
    public static let topic = "image"
    public static let name = "add_snapshot"
    public static let number: UInt16 = 10
    public static let since: UInt16 = 1
    public static let isIdempotent = true

    public var image = SnapshotImage()

    public init() {}
    public init(_ image: SnapshotImage) {
        self.image = image
    }

    @inlinable
    public mutating func fields<V: FieldVisitor>(_ visitor: inout V) {
        visitor.visit("image", &image)
    }
}

/// Deletes the image of a snapshot that failed; succeeds when there is none.
public struct DiscardImage: RPCMethod, Equatable {
    public typealias Response = Nothing
    public static let topic = "image"
    public static let name = "discard"
    public static let number: UInt16 = 11
    public static let since: UInt16 = 1
    public static let isIdempotent = true

    public var imageID = ImageID.none

    public init() {}
    public init(_ imageID: ImageID) {
        self.imageID = imageID
    }

    @inlinable
    public mutating func fields<V: FieldVisitor>(_ visitor: inout V) {
        visitor.visit("image_id", &imageID)
    }
}

/// Deletes the oldest backups of a server beyond those that are kept; protected ones stay.
public struct RotateBackups: RPCMethod, Equatable {
    public typealias Response = Nothing
    public static let topic = "image"
    public static let name = "rotate_backups"
    public static let number: UInt16 = 12
    public static let since: UInt16 = 1
    public static let isIdempotent = true

    public var serverID = ServerID.none
    /// The project that owns the images.
    public var owner = ProjectID("")
    public var rotation = BackupRotation()

    public init() {}
    public init(_ serverID: ServerID, owner: ProjectID, _ rotation: BackupRotation) {
        self.serverID = serverID
        self.owner = owner
        self.rotation = rotation
    }

    @inlinable
    public mutating func fields<V: FieldVisitor>(_ visitor: inout V) {
        visitor.visit("server_id", &serverID)
        visitor.visit("owner", &owner)
        visitor.visit("rotation", &rotation)
    }
}
