public import NovaCore
public import NovaWire

/// What the rebuild workflow knows.
public struct RebuildState: Record, Equatable {
    public var serverID = ServerID.none
    /// What the root disk is made from; nil for a server without an image.
    public var image: ImageReference?
    /// The image that the server had, for a rebuild that fails before it has touched the guest.
    public var formerImageID: ImageID?
    /// Whether the server was stopped, and is stopped again at the end.
    public var wasStopped = false
    public var powerState = PowerState.noState

    public init() {}
    public init(_ serverID: ServerID, image: ImageReference?) {
        self.serverID = serverID
        self.image = image
    }

    @inlinable
    public mutating func fields<V: FieldVisitor>(_ visitor: inout V) {
        visitor.visit("server_id", &serverID)
        visitor.visit("image", &image)
        visitor.visit("former_image_id", &formerImageID)
        visitor.visit("was_stopped", &wasStopped)
        visitor.visit("power_state", &powerState)
    }
}
