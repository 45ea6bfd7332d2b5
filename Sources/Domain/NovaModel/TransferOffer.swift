public import NovaCore
public import NovaWire

/// What the compute service of a server's host offers to the one that the server goes to: where its disks are to be had.
public struct TransferOffer: Record, Equatable {
    /// The compute host that has the files.
    public var host = ""
    /// `address:port` of its transfer service; empty when there is nothing to send.
    public var endpoint = ""
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
        visitor.visit("endpoint", &endpoint)
        visitor.visit("fingerprint", &fingerprint)
        visitor.visit("grant", &grant)
        visitor.visit("files", &files)
    }
}

/// A file that goes from one compute host to another.
public struct TransferFile: Record, Equatable {
    /// The name in the server's folder; one that begins with `_base/` is an image of the host's cache, on which a disk lies.
    public var name = ""
    public var bytes: Int64 = 0
    /// Hex; empty when it was not summed up.
    public var sha256 = ""

    public init() {}
    public init(_ name: String, bytes: Int64, sha256: String = "") {
        self.name = name
        self.bytes = bytes
        self.sha256 = sha256
    }

    @inlinable
    public mutating func fields<V: FieldVisitor>(_ visitor: inout V) {
        visitor.visit("name", &name)
        visitor.visit("bytes", &bytes)
        visitor.visit("sha256", &sha256)
    }
}
