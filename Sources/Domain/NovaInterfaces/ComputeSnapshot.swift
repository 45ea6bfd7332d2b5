public import NovaCore
public import NovaModel
public import NovaRPC
public import NovaWire

/// Copies the root disk of an instance into a file on its host while the guest goes on.
public struct ComputeSnapshot: RPCMethod, Equatable {
    public typealias Response = Nothing
    public static let topic = "compute"
    public static let name = "snapshot"
    public static let number: UInt16 = 24
    public static let since: UInt16 = 1
    public static let isIdempotent = true
    public static let timeout = Duration.seconds(3600)

    public var fence = Fence()
    public var serverID = ServerID.none
    /// Names the file, for the two methods that follow.
    public var imageID = ImageID.none
    public var quiescing = Quiescing.none

    public init() {}
    public init(_ fence: Fence, _ serverID: ServerID, _ imageID: ImageID, _ quiescing: Quiescing = .none) {
        self.fence = fence
        self.serverID = serverID
        self.imageID = imageID
        self.quiescing = quiescing
    }

    @inlinable
    public mutating func fields<V: FieldVisitor>(_ visitor: inout V) {
        visitor.visit("fence", &fence)
        visitor.visit("server_id", &serverID)
        visitor.visit("image_id", &imageID)
        visitor.visit("quiescing", &quiescing)
    }
}

/// Sends the file of a snapshot to the image service and removes it; an image that is complete already is left so.
public struct ComputeUploadSnapshot: RPCMethod, Equatable {
    public typealias Response = Nothing
    public static let topic = "compute"
    public static let name = "upload_snapshot"
    public static let number: UInt16 = 25
    public static let since: UInt16 = 1
    public static let isIdempotent = true
    public static let timeout = Duration.seconds(3600)

    public var fence = Fence()
    public var serverID = ServerID.none
    /// The image with a grant to write it.
    public var image = GrantedImage()

    public init() {}
    public init(_ fence: Fence, _ serverID: ServerID, _ image: GrantedImage) {
        self.fence = fence
        self.serverID = serverID
        self.image = image
    }

    @inlinable
    public mutating func fields<V: FieldVisitor>(_ visitor: inout V) {
        visitor.visit("fence", &fence)
        visitor.visit("server_id", &serverID)
        visitor.visit("image", &image)
    }
}

/// Ends a snapshot that is not wanted any more: nothing of it stays on the host.
public struct ComputeDiscardSnapshot: RPCMethod, Equatable {
    public typealias Response = Nothing
    public static let topic = "compute"
    public static let name = "discard_snapshot"
    public static let number: UInt16 = 26
    public static let since: UInt16 = 1
    public static let isIdempotent = true
    public static let timeout = Duration.seconds(120)

    public var fence = Fence()
    public var serverID = ServerID.none
    public var imageID = ImageID.none

    public init() {}
    public init(_ fence: Fence, _ serverID: ServerID, _ imageID: ImageID) {
        self.fence = fence
        self.serverID = serverID
        self.imageID = imageID
    }

    @inlinable
    public mutating func fields<V: FieldVisitor>(_ visitor: inout V) {
        visitor.visit("fence", &fence)
        visitor.visit("server_id", &serverID)
        visitor.visit("image_id", &imageID)
    }
}
