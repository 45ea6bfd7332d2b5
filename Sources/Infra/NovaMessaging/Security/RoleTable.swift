/// Which role may do what on the queue; what is not allowed here is refused (`design/messaging.md`, 7.9).
///
/// | role | serves | calls and casts to | fanouts to | asks the broker |
/// | --- | --- | --- | --- | --- |
/// | compute on host H | host `compute.H`, fanout `compute` | `conductor` | - | - |
/// | conductor | `conductor` | `compute.*`, scheduler, network, volume, image, placement, identity | scheduler, compute, notifications | - |
/// | scheduler | `scheduler` | conductor, placement | - | queues |
/// | network, volume, image, placement | own topic, fanout `revocations` | conductor, identity | - | - |
/// | identity | `identity`, fanout `revocations` | conductor | revocations | - |
/// | api, metadata, proxy, consoleauth | own topic, fanout `revocations` | conductor, `compute.*`, scheduler, network, image, identity | - | queues |
/// | listener | fanout `notifications` | - | - | - |
/// | admin | - | - | - | everything |
///
/// To serve a topic means its queue, the queue of the own host, and its fanout. `compute.*` is any host's queue, never the
/// topic's: a message for any host that is free has no sender.
///
/// What this code does beyond 7.9, and why: the scheduler claims at placement and asks for the queues, since a host whose
/// queue nobody serves takes no server; the API asks for the same reason, resolves networks and images before it accepts
/// a server; whoever checks tokens (all with a REST interface) asks identity for keys and hears its revocations; the
/// conductor may tell all compute hosts something. Whoever has a REST interface may note its requests in the trace. A compute host's name must be exactly that of the queue.
public struct RoleTable: Sendable {
    /// Queues that a rule is about.
    enum Pattern: Hashable, Sendable {
        case topic(String)
        /// The queue of the peer's own host.
        case ownHost(String)
        case anyHost(String)
        case fanout(String)
    }

    struct Rules: Sendable {
        var serves: Set<Pattern> = []
        var sends: Set<Pattern> = []
        var asks: Set<AdminQuestion> = []
        var asksEverything = false
        /// Whether it answers HTTP requests, and so may note them in the trace.
        var hasREST = false
    }

    private let rules: [String: Rules]
    private let allowsEverything: Bool

    init(rules: [String: Rules]) {
        self.rules = rules
        allowsEverything = false
    }

    private init() {
        rules = [:]
        allowsEverything = true
    }

    /// The roles that exist.
    public var roles: Set<String> { Set(rules.keys) }

    /// No rules at all: for tests and benchmarks of the queue itself, whose peers have other roles.
    public static let unrestricted = RoleTable()

    /// Whether a peer may answer a queue, or listen to a fanout.
    public func mayServe(_ peer: PeerName, _ queue: QueueName) -> Bool {
        allows(rules[peer.role]?.serves, peer, queue)
    }

    /// Whether a peer may send a CALL, CAST or FANOUT to a queue.
    public func maySend(_ peer: PeerName, _ kind: MessageKind, to queue: QueueName) -> Bool {
        switch (kind, queue.kind) {
        case (.call, .topic), (.call, .host), (.cast, .topic), (.cast, .host), (.fanout, .fanout):
            allows(rules[peer.role]?.sends, peer, queue)
        default: false
        }
    }

    /// Whether a peer may note a request from outside (SPAN).
    public func mayTrace(_ peer: PeerName) -> Bool { allowsEverything || rules[peer.role]?.hasREST == true }

    /// Whether a peer may put a question to the broker itself.
    public func mayAsk(_ peer: PeerName, _ question: AdminQuestion) -> Bool {
        guard !allowsEverything else { return true }
        guard let rules = rules[peer.role] else { return false }
        return rules.asksEverything || rules.asks.contains(question)
    }

    private func allows(_ patterns: Set<Pattern>?, _ peer: PeerName, _ queue: QueueName) -> Bool {
        guard !allowsEverything else { return queue.kind != .none }
        guard let patterns, !queue.topic.isEmpty else { return false }
        switch queue.kind {
        case .none: return false
        case .topic: return queue.host.isEmpty && patterns.contains(.topic(queue.topic))
        case .fanout: return queue.host.isEmpty && patterns.contains(.fanout(queue.topic))
        case .host:
            guard !queue.host.isEmpty else { return false }
            if patterns.contains(.anyHost(queue.topic)) { return true }
            // By bytes: two texts that only look alike are two hosts.
            return patterns.contains(.ownHost(queue.topic)) && queue.host.utf8.elementsEqual(peer.host.utf8)
        }
    }
}

extension RoleTable {
    /// The table of this system.
    public static let standard = RoleTable(rules: [
        "compute": Rules(serves: [.ownHost("compute"), .fanout("compute")], sends: [.topic("conductor")]),
        "conductor": Rules(
            serves: own("conductor"),
            sends: [
                .anyHost("compute"), .fanout("compute"), .topic("scheduler"), .fanout("scheduler"), .topic("network"),
                .anyHost("network"), .topic("volume"), .anyHost("volume"), .topic("image"), .topic("placement"),
                .topic("identity"), .fanout("notifications"),
            ]),
        "scheduler": Rules(
            serves: own("scheduler"), sends: [.topic("conductor"), .topic("placement")], asks: [.queues]),
        "network": server("network"), "volume": server("volume"), "image": server("image"),
        "placement": server("placement"),
        "identity": Rules(
            serves: own("identity").union([.fanout("revocations")]),
            sends: [.topic("conductor"), .fanout("revocations")], hasREST: true),
        "api": face("api"), "metadata": face("metadata"), "proxy": face("proxy"), "consoleauth": face("consoleauth"),
        // Programs of others that want to know what happens.
        "listener": Rules(serves: [.fanout("notifications")]),
        "admin": Rules(asksEverything: true),
    ])

    private static func own(_ topic: String) -> Set<Pattern> { [.topic(topic), .ownHost(topic), .fanout(topic)] }

    /// A service that others ask for what it keeps.
    private static func server(_ topic: String) -> Rules {
        Rules(
            serves: own(topic).union([.fanout("revocations")]), sends: [.topic("conductor"), .topic("identity")],
            hasREST: true)
    }

    /// A service that users speak to.
    private static func face(_ topic: String) -> Rules {
        Rules(
            serves: own(topic).union([.fanout("revocations")]),
            sends: [
                .topic("conductor"), .anyHost("compute"), .topic("scheduler"), .topic("network"), .topic("image"),
                .topic("identity"),
            ], asks: [.queues], hasREST: true)
    }
}
