public import NovaRPC
public import NovaWire

/// How a compute host is known to another one, and where it listens for it: what a conductor needs for a transfer's grant.
///
/// The certificate is a new one after each start of the compute service.
/// - Throws: ``NovaError`` `notImplemented` from a host that neither sends nor fetches disks.
public struct ComputeTransferEnd: RPCMethod, Equatable {
    public static let topic = "compute"
    public static let name = "transfer_end"
    public static let number: UInt16 = 40
    public static let since: UInt16 = 1
    public static let isIdempotent = true

    public struct Response: Record, Equatable {
        public var address = ""
        public var port: Int64 = 0
        /// SHA-256 of the certificate, hex.
        public var fingerprint = ""
        public init() {}
        @inlinable
        public mutating func fields<V: FieldVisitor>(_ visitor: inout V) {
            visitor.visit("address", &address)
            visitor.visit("port", &port)
            visitor.visit("fingerprint", &fingerprint)
        }
    }

    public init() {}
    @inlinable
    public mutating func fields<V: FieldVisitor>(_ visitor: inout V) {}
}
