public import NovaCore
public import NovaWire

/// What the workflow of a snapshot or a backup knows.
public struct SnapshotState: Record, Equatable {
    public var serverID = ServerID.none
    public var image = SnapshotImage()
    /// Set for a backup: how many backups of its kind are kept.
    public var backup: BackupRotation?

    public init() {}
    public init(_ serverID: ServerID, _ image: SnapshotImage, backup: BackupRotation? = nil) {
        self.serverID = serverID
        self.image = image
        self.backup = backup
    }

    @inlinable
    public mutating func fields<V: FieldVisitor>(_ visitor: inout V) {
        visitor.visit("server_id", &serverID)
        visitor.visit("image", &image)
        visitor.visit("backup", &backup)
    }
}

/// The image that a snapshot becomes: private to its owner, a qcow2 file that needs no other.
public struct SnapshotImage: Record, Equatable {
    public var id = ImageID.none
    public var name = ""
    public var owner = ProjectID("")
    public var minDiskGB: Int64 = 0
    public var minRAMMB: Int64 = 0
    /// `image_type`, `instance_uuid`, what the base image says of guests, and the user's own.
    public var properties: [String: String] = [:]

    public init() {}

    @inlinable
    public mutating func fields<V: FieldVisitor>(_ visitor: inout V) {
        visitor.visit("id", &id)
        visitor.visit("name", &name)
        visitor.visit("owner", &owner)
        visitor.visit("min_disk_gb", &minDiskGB)
        visitor.visit("min_ram_mb", &minRAMMB)
        visitor.visit("properties", &properties)
    }
}

/// Which backups of a server belong together, and how many of them are kept.
public struct BackupRotation: Record, Equatable {
    /// The user's word: `daily`, `weekly`.
    public var type = ""
    public var keep: Int64 = 0

    public init() {}
    public init(type: String, keep: Int64) {
        self.type = type
        self.keep = keep
    }

    @inlinable
    public mutating func fields<V: FieldVisitor>(_ visitor: inout V) {
        visitor.visit("type", &type)
        visitor.visit("keep", &keep)
    }
}
