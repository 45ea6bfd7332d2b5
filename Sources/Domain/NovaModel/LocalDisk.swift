public import NovaWire

/// A disk that a server has on its host, as its user asked for it (`block_device_mapping_v2`).
public struct LocalDisk: Record, Equatable {
    public enum Kind: String, WireEnum {
        /// The one that is made of the image, of the size that the flavor says.
        case root
        case ephemeral
        case swap
    }

    /// The file systems that hosts make on ephemeral disks; any other needs programs that a host may not have.
    public static let formats = ["ext2", "ext3", "ext4", "xfs"]

    public var kind = Kind.ephemeral
    /// MiB; 0 for the root disk.
    public var megabytes: Int64 = 0
    /// The file system of an ephemeral disk, nil for the hosts' default.
    public var format: String?
    /// By which the guest's user knows it again.
    public var tag: String?

    public init() {}
    public init(_ kind: Kind, megabytes: Int64 = 0, format: String? = nil, tag: String? = nil) {
        self.kind = kind
        self.megabytes = megabytes
        self.format = format
        self.tag = tag
    }

    @inlinable
    public mutating func fields<V: FieldVisitor>(_ visitor: inout V) {
        visitor.visit("kind", &kind)
        visitor.visit("megabytes", &megabytes)
        visitor.visit("format", &format)
        visitor.visit("tag", &tag)
    }

    /// The disks of a server in the order in which its guest finds them: root, ephemeral disks, swap.
    ///
    /// What the user has not asked for is as the flavor says: one ephemeral disk, one swap disk.
    public static func all(_ wanted: [LocalDisk], _ flavor: Flavor) -> [LocalDisk] {
        func these(_ kind: Kind, otherwise megabytes: Int64) -> [LocalDisk] {
            let found = wanted.filter { $0.kind == kind }
            return found.isEmpty && megabytes > 0 ? [LocalDisk(kind, megabytes: megabytes)] : found
        }
        let root = wanted.first { $0.kind == .root } ?? LocalDisk(.root)
        return [root] + these(.ephemeral, otherwise: flavor.ephemeralGB << 10)
            + these(.swap, otherwise: flavor.swapMB)
    }
}

/// The disks that the user of a server has asked for.
public struct ServerLocalDisks: Record, Equatable {
    public var disks: [LocalDisk] = []

    public init() {}
    public init(_ disks: [LocalDisk]) { self.disks = disks }

    @inlinable
    public mutating func fields<V: FieldVisitor>(_ visitor: inout V) { visitor.visit("disks", &disks) }
}
