/// A connection's number at the broker's socket.
public typealias PeerRoute = UInt32

/// What a broker is told.
public enum BrokerEvent: Sendable {
    case received(PeerRoute, MessageHeader, [UInt8])
    /// Frames that are no message.
    case malformed(PeerRoute)
    /// The connection is closed, or takes no more.
    case gone(PeerRoute)
    /// A fanout message could not be put into the subscriber's pipe.
    case missed(PeerRoute, QueueName)
    /// Time has passed.
    case tick
    /// The broker ends when what it has is done.
    case drain
    /// The broker ends.
    case stop
}

/// What a broker does.
public enum BrokerAction: Sendable, Equatable {
    case send(PeerRoute, MessageHeader, [UInt8])
    /// A peer sent too many bad frames, or may not be here: nothing of it is read any more.
    case ignored(PeerRoute, String)
    /// Something an operator should see in the log.
    case note(String)
}
