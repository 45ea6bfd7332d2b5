public import NovaModel
public import NovaRPC
public import NovaWire

/// Restarts an instance from a disk of a rescue image, with its own disks behind it.
///
/// The instance's image, kernel and ramdisk are those of the rescue.
public struct ComputeRescue: RPCMethod, Equatable {
    public typealias Response = InstanceOutcome
    public static let topic = "compute"
    public static let name = "rescue"
    public static let number: UInt16 = 22
    public static let since: UInt16 = 1
    public static let isIdempotent = true
    public static let timeout = Duration.seconds(600)

    public var fence = Fence()
    public var instance = InstanceSpec()
    /// How long the guest may take to shut down before it is powered off, in seconds.
    public var shutdownTimeout: Int64 = 60

    public init() {}
    public init(_ fence: Fence, _ instance: InstanceSpec) {
        self.fence = fence
        self.instance = instance
    }

    @inlinable
    public mutating func fields<V: FieldVisitor>(_ visitor: inout V) {
        visitor.visit("fence", &fence)
        visitor.visit("instance", &instance)
        visitor.visit("shutdown_timeout", &shutdownTimeout)
    }
}

/// Takes the rescue disk away from an instance; one that is in no rescue stays as it is, and is started if it shall run.
public struct ComputeUnrescue: RPCMethod, Equatable {
    public typealias Response = InstanceOutcome
    public static let topic = "compute"
    public static let name = "unrescue"
    public static let number: UInt16 = 23
    public static let since: UInt16 = 1
    public static let isIdempotent = true
    public static let timeout = Duration.seconds(300)

    public var fence = Fence()
    public var instance = InstanceSpec()
    /// Whether it runs again afterwards.
    public var starts = true

    public init() {}
    public init(_ fence: Fence, _ instance: InstanceSpec, starts: Bool) {
        self.fence = fence
        self.instance = instance
        self.starts = starts
    }

    @inlinable
    public mutating func fields<V: FieldVisitor>(_ visitor: inout V) {
        visitor.visit("fence", &fence)
        visitor.visit("instance", &instance)
        visitor.visit("starts", &starts)
    }
}
