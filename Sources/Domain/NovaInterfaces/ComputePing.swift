public import NovaRPC
public import NovaWire

/// Asks a compute host for a sign of life; nothing is done.
public struct ComputePing: RPCMethod, Equatable {
    public typealias Response = Nothing
    public static let topic = "compute"
    public static let name = "ping"
    public static let number: UInt16 = 65
    public static let since: UInt16 = 1
    public static let isIdempotent = true
    public static let timeout = Duration.seconds(3)

    public init() {}

    @inlinable
    public mutating func fields<V: FieldVisitor>(_ visitor: inout V) {}
}
