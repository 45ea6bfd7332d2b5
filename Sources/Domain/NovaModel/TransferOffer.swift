public import NovaCore
public import NovaWire

/// What the compute service of a server's host offers to the one that the server goes to: where its disks are to be had.
public struct TransferOffer: Record, Equatable {
    /// The compute host that has the files.
    public var host = ""
    /// Where its transfer service listens; empty for files that stay on their host.
    public var address = ""
    public var port: Int64 = 0
    /// SHA-256 of the transfer service's certificate, hex.
    public var fingerprint = ""
    /// The conductor's permission for one host to fetch the files of one server.
    public var grant = Secret("")
    public var files: [TransferFile] = []

    public init() {}
    public init(host: String) { self.host = host }

    @inlinable
    public mutating func fields<V: FieldVisitor>(_ visitor: inout V) {
        visitor.visit("host", &host)
        visitor.visit("address", &address)
        visitor.visit("port", &port)
        visitor.visit("fingerprint", &fingerprint)
        visitor.visit("grant", &grant)
        visitor.visit("files", &files)
    }
}

/// A file that goes from one compute host to another.
public struct TransferFile: Record, Equatable {
    /// The name in the server's folder; one that begins with `_base/` is an image of the host's cache, on which a disk lies.
    public var name = ""
    /// Bytes, holes included.
    public var size: Int64 = 0
    /// What its content is known by (`proto-spec/wire/transfer.md`), hex; empty for a file that stays on its host.
    public var digest = ""

    public init() {}
    public init(_ name: String, size: Int64, digest: String = "") {
        self.name = name
        self.size = size
        self.digest = digest
    }

    @inlinable
    public mutating func fields<V: FieldVisitor>(_ visitor: inout V) {
        visitor.visit("name", &name)
        visitor.visit("size", &size)
        visitor.visit("digest", &digest)
    }
}
