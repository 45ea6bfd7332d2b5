public import NovaWire

/// A file that a compute host offers to another.
public struct OfferedFile: Record, Equatable {
    /// What it is asked for by; the path behind it is known to its host alone.
    public var name = ""
    /// Bytes, holes included.
    public var size: Int64 = 0
    /// What its content is known by, hex: see ``BlockDigest``.
    public var digest = ""

    public init() {}
    public init(name: String, size: Int64, digest: String) {
        self.name = name
        self.size = size
        self.digest = digest
    }

    public mutating func fields<V: FieldVisitor>(_ visitor: inout V) {
        visitor.visit("name", &name)
        visitor.visit("size", &size)
        visitor.visit("digest", &digest)
    }

    /// More than any disk, and far from what overflows.
    private static let sizeLimit: Int64 = 1 << 56

    /// Whether it can be a file, whatever a peer says.
    var isPlausible: Bool {
        !name.isEmpty && name.utf8.count <= 255 && size >= 0 && size <= Self.sizeLimit && digest.utf8.count == 64
            && digest.utf8.allSatisfy { (48...57).contains($0) || (97...102).contains($0) }
    }
}
