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
    /// The broker asks a worker for messages that may have been taken; the body lists their ids.
    case query
    /// A worker does not have the listed messages; the amount is a ``DisclaimReason``.
    case disclaim
    /// The worker may begin the listed messages, which it has taken.
    case go
    /// The sender need not keep its copies of the listed casts.
    case settled
    /// The worker has ended the listed casts.
    case done
    /// Work waits at a broker that is not the queue's home.
    case waiting
    /// The subscriber missed so many fanout messages; 0 when the number is not known.
    case missed
    /// The sender has answered a request from outside; a line of its trace.
    case span
}

/// Why a worker does not have a message.
///
/// Those that answer a QUERY and those that refuse a delivery are told apart: a broker may have delivered the message
/// before the second answer to a question comes. Raw values are on the wire: append only.
enum DisclaimReason: UInt64 {
    /// QUERY: it is not here, and will not run here for a broker of an earlier turn.
    case unknown = 0
    /// Delivery: the worker takes no more work, another one may have it.
    case returned = 1
    /// QUERY: another broker has asked for it, to which its sender turned later.
    case outbid = 2
    /// Delivery: another broker has asked for it since, or its own has cancelled it.
    case refused = 3
    /// QUERY: it waited here for the word of a broker that is lost, and has not begun.
    case unbegun = 4

    var answersQuery: Bool { self == .unknown || self == .outbid || self == .unbegun }
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
    /// On a CALL sent again: the amount is the number of the worker that had taken it.
    public static let taken = MessageFlags(rawValue: 32)
    /// Periodic work: it goes after the messages that somebody waits for.
    public static let background = MessageFlags(rawValue: 16)
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
    /// The broker stops soon: the message goes to another one.
    case moved = 6
    /// Workers are there, but none of a version that knows the method.
    case noCompatibleWorker = 7
    /// The sender's role may not do this.
    case forbidden = 8
}

/// What an ADMIN message asks.
///
/// Raw values are on the wire: append only.
public enum AdminQuestion: UInt16, Sendable {
    case queues = 1
    case peers = 2
    case deadLetters = 3
    case methods = 4
    /// Drops what waits in the header's queue.
    case purge = 5
    /// The broker sends its peers elsewhere and ends.
    case drain = 6
    /// The messages of the header's trace.
    case trace = 7
}
