/// What a message is.
///
/// Raw values are on the wire: append only.
public enum MessageKind: UInt8, Sendable, CaseIterable {
    /// A peer names itself; first message on every connection.
    case hello = 1
    /// The broker's answer, with its boot id.
    case welcome
    /// A worker serves a queue with so many slots.
    case ready
    /// A worker changes its slots.
    case credit
    case call
    case cast
    case fanout
    /// The broker owns the message, or knows the registration.
    case accepted
    /// The worker begins; from here on a message that is not idempotent is never delivered again.
    case taken
    /// A long call is still worked on.
    case progress
    case reply
    case fail
    case cancel
    /// The broker refuses; the amount is a ``RejectReason``.
    case reject
    case ping
    case pong
    /// The broker stops soon.
    case drain
    /// The sender of this closes its connection.
    case goodbye
    /// A question about the broker itself; the method is an ``AdminQuestion``.
    case admin
}

/// Properties of a message.
public struct MessageFlags: OptionSet, Sendable, Hashable {
    public let rawValue: UInt8
    public init(rawValue: UInt8) { self.rawValue = rawValue }

    /// The method may run again after a worker that had taken it died.
    public static let idempotent = MessageFlags(rawValue: 1)
    /// Sent before over a connection that was lost: it may have been taken.
    public static let resent = MessageFlags(rawValue: 2)
    /// On TAKEN: the worker got the message before this connection, and runs it or knows its answer.
    public static let claim = MessageFlags(rawValue: 4)
    /// On HELLO: the peer was connected to a broker before.
    public static let returning = MessageFlags(rawValue: 8)
}

/// Why a broker refuses a message.
///
/// Raw values are on the wire: append only.
public enum RejectReason: UInt64, Sendable {
    case noConsumer = 1
    case full = 2
    /// The broker does not know the connection: HELLO is needed (again).
    case unknownPeer = 3
    case unknownQuestion = 4
    case badVersion = 5
}

/// What an ADMIN message asks.
///
/// Raw values are on the wire: append only.
public enum AdminQuestion: UInt16, Sendable {
    case queues = 1
    case peers = 2
    case deadLetters = 3
}
