public import NovaModel
public import NovaRPC
public import NovaWire

/// Gives an instance another network device, also while it runs; one that it has stays.
///
/// - Throws: ``NovaError`` `notImplemented` when the hypervisor cannot, `notFound` without the instance.
public struct ComputeAttachInterface: RPCMethod, Equatable {
    public typealias Response = InstanceOutcome
    public static let topic = "compute"
    public static let name = "attach_interface"
    public static let number: UInt16 = 50
    public static let since: UInt16 = 1
    public static let isIdempotent = true
    public static let timeout = Duration.seconds(90)

    public var fence = Fence()
    public var instance = InstanceSpec()
    public var port = PortBinding()

    public init() {}
    public init(_ fence: Fence, _ instance: InstanceSpec, _ port: PortBinding) {
        self.fence = fence
        self.instance = instance
        self.port = port
    }

    @inlinable
    public mutating func fields<V: FieldVisitor>(_ visitor: inout V) {
        visitor.visit("fence", &fence)
        visitor.visit("instance", &instance)
        visitor.visit("port", &port)
    }
}

/// Takes a network device away from an instance, with what was made for it on the host; succeeds when there is none.
///
/// - Throws: ``NovaError`` `notImplemented` when the hypervisor cannot, `conflict` when the guest does not let go of it.
public struct ComputeDetachInterface: RPCMethod, Equatable {
    public typealias Response = InstanceOutcome
    public static let topic = "compute"
    public static let name = "detach_interface"
    public static let number: UInt16 = 51
    public static let since: UInt16 = 1
    public static let isIdempotent = true
    public static let timeout = Duration.seconds(150)

    public var fence = Fence()
    public var instance = InstanceSpec()
    public var port = PortBinding()

    public init() {}
    public init(_ fence: Fence, _ instance: InstanceSpec, _ port: PortBinding) {
        self.fence = fence
        self.instance = instance
        self.port = port
    }

    @inlinable
    public mutating func fields<V: FieldVisitor>(_ visitor: inout V) {
        visitor.visit("fence", &fence)
        visitor.visit("instance", &instance)
        visitor.visit("port", &port)
    }
}
