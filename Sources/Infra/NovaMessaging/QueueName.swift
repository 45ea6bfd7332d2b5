/// The kinds of queues.
///
/// Raw values are on the wire: append only.
public enum QueueKind: UInt8, Sendable, Hashable {
    /// No queue: messages between a peer and its broker.
    case none = 0
    /// The first available worker of a topic.
    case topic = 1
    /// One host's worker of a topic.
    case host = 2
    /// Every subscriber of a topic.
    case fanout = 3
}

/// Names a queue.
public struct QueueName: Hashable, Sendable, CustomStringConvertible {
    public var kind: QueueKind
    public var topic: String
    /// Empty except in host queues.
    public var host: String

    public init(_ kind: QueueKind, topic: String, host: String = "") {
        self.kind = kind
        self.topic = topic
        self.host = host
    }

    /// No queue.
    public static let none = QueueName(.none, topic: "")
    /// The queue of a topic's first available worker.
    public static func topic(_ topic: String) -> QueueName { QueueName(.topic, topic: topic) }
    /// The queue of a topic's worker on a host.
    public static func host(_ topic: String, _ host: String) -> QueueName { QueueName(.host, topic: topic, host: host) }
    /// The subscribers of a topic.
    public static func fanout(_ topic: String) -> QueueName { QueueName(.fanout, topic: topic) }

    public var description: String { host.isEmpty ? topic : "\(topic).\(host)" }
}
