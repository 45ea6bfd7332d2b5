public import NovaCore
public import NovaWire

/// What the workflows of rescue and unrescue know.
public struct RescueState: Record, Equatable {
    public var serverID = ServerID.none
    /// What the guest boots from meanwhile; nil for an unrescue.
    public var image: ImageReference?
    /// Whether the guest ran before, and runs again when the rescue fails.
    public var wasRunning = true
    public var powerState = PowerState.noState

    public init() {}
    public init(_ serverID: ServerID, image: ImageReference? = nil, wasRunning: Bool = true) {
        self.serverID = serverID
        self.image = image
        self.wasRunning = wasRunning
    }

    @inlinable
    public mutating func fields<V: FieldVisitor>(_ visitor: inout V) {
        visitor.visit("server_id", &serverID)
        visitor.visit("image", &image)
        visitor.visit("was_running", &wasRunning)
        visitor.visit("power_state", &powerState)
    }
}
