/// A process that is connected to a broker.
final class BrokerPeer {
    let instance: UInt64
    let name: PeerName
    let version: UInt16
    /// Nil while the connection is lost and the peer may still return.
    var route: PeerRoute?
    var lastHeard: Int64
    /// When its process started, as it says.
    let startedAt: Int64
    /// When a lost peer counts as dead.
    var deadAt: Int64?
    var queues: Set<QueueName> = []
    /// Messages that it works on.
    var delivered: Set<MessageID> = []
    /// Calls that it waits for.
    var waitsFor: Set<MessageID> = []
    /// Held messages that it has been asked for.
    var asked: Set<MessageID> = []
    /// Fanout messages that it could not be sent.
    var missed: [QueueName: UInt64] = [:]
    /// What its dispatcher has ended, as it last said, and when that changed.
    var progress: UInt64 = 0
    var progressAt: Int64
    var isStuck = false

    /// `age` is how long its process has run, as it says.
    init(instance: UInt64, name: PeerName, version: UInt16, route: PeerRoute, age: Int64, now: Int64) {
        self.instance = instance
        self.name = name
        self.version = version
        self.route = route
        lastHeard = now
        startedAt = now - age
        progressAt = now
    }
}

/// A peer's service at one queue.
final class BrokerWorker {
    let peer: BrokerPeer
    var slots: Int
    var busy = 0
    /// The newest minor version of each interface that it knows.
    var versions: [String: UInt16]

    init(peer: BrokerPeer, slots: Int, versions: [String: UInt16]) {
        self.peer = peer
        self.slots = slots
        self.versions = versions
    }

    var isFree: Bool { slots > busy && peer.route != nil }

    func knows(_ header: MessageHeader) -> Bool {
        guard header.since > 0 else { return true }
        let interface = header.interface.isEmpty ? header.queue.topic : header.interface
        return versions[interface] ?? 0 >= header.since
    }
}
