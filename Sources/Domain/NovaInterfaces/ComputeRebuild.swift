public import NovaModel
public import NovaRPC
public import NovaWire

/// Brings the images of an instance into the host's cache, before anything of it is touched.
///
/// - Throws: ``NovaError`` `badRequest` for an image that the host cannot boot.
public struct ComputePrepareImages: RPCMethod, Equatable {
    public typealias Response = Nothing
    public static let topic = "compute"
    public static let name = "prepare_images"
    public static let number: UInt16 = 20
    public static let since: UInt16 = 1
    public static let isIdempotent = true
    public static let timeout = Duration.seconds(600)

    public var instance = InstanceSpec()

    public init() {}
    public init(_ instance: InstanceSpec) {
        self.instance = instance
    }

    @inlinable
    public mutating func fields<V: FieldVisitor>(_ visitor: inout V) {
        visitor.visit("instance", &instance)
    }
}

/// Makes an instance anew from its image: the same ports, new disks, started.
///
/// What was on its disks is lost.
public struct ComputeRebuild: RPCMethod, Equatable {
    public typealias Response = InstanceOutcome
    public static let topic = "compute"
    public static let name = "rebuild"
    public static let number: UInt16 = 21
    public static let since: UInt16 = 1
    public static let isIdempotent = true
    public static let timeout = Duration.seconds(600)

    public var fence = Fence()
    public var instance = InstanceSpec()

    public init() {}
    public init(_ fence: Fence, _ instance: InstanceSpec) {
        self.fence = fence
        self.instance = instance
    }

    @inlinable
    public mutating func fields<V: FieldVisitor>(_ visitor: inout V) {
        visitor.visit("fence", &fence)
        visitor.visit("instance", &instance)
    }
}
