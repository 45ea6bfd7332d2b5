/// A connection's number at the broker's socket.
public typealias PeerRoute = UInt32

/// What a broker is told.
public enum BrokerEvent: Sendable {
    case received(PeerRoute, MessageHeader, [UInt8])
    /// Frames that are no message.
    case malformed(PeerRoute)
    /// The connection is closed, or takes no more.
    case gone(PeerRoute)
    /// Time has passed.
    case tick
    /// The broker ends.
    case stop
}

/// What a broker does.
public enum BrokerAction: Sendable, Equatable {
    case send(PeerRoute, MessageHeader, [UInt8])
    /// A peer sent too many bad frames: nothing of it is read any more.
    case ignored(PeerRoute, String)
    /// Something an operator should see in the log.
    case note(String)
}
