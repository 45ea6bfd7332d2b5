import NovaMessaging
import Testing

@Suite("Role table")
struct RoleTableTests {
    private static let table = RoleTable.standard

    /// What each role on host h1 may serve: all else is refused.
    private static let served: [String: Set<String>] = [
        "compute": ["host compute.h1", "fanout compute"],
        "conductor": ["topic conductor", "host conductor.h1", "fanout conductor"],
        "scheduler": ["topic scheduler", "host scheduler.h1", "fanout scheduler"],
        "network": ["topic network", "host network.h1", "fanout network", "fanout revocations"],
        "volume": ["topic volume", "host volume.h1", "fanout volume", "fanout revocations"],
        "image": ["topic image", "host image.h1", "fanout image", "fanout revocations"],
        "placement": ["topic placement", "host placement.h1", "fanout placement", "fanout revocations"],
        "identity": ["topic identity", "host identity.h1", "fanout identity", "fanout revocations"],
        "api": ["topic api", "host api.h1", "fanout api", "fanout revocations"],
        "metadata": ["topic metadata", "host metadata.h1", "fanout metadata", "fanout revocations"],
        "proxy": ["topic proxy", "host proxy.h1", "fanout proxy", "fanout revocations"],
        "consoleauth": ["topic consoleauth", "host consoleauth.h1", "fanout consoleauth", "fanout revocations"],
        "listener": ["fanout notifications"],
        "admin": [],
    ]

    private static let usersFace: Set<String> = [
        "topic conductor", "host compute.h1", "host compute.h2", "topic scheduler", "topic network", "topic image",
        "topic identity",
    ]

    /// What each role on host h1 may send to.
    private static let sent: [String: Set<String>] = [
        "compute": ["topic conductor"],
        "conductor": [
            "host compute.h1", "host compute.h2", "fanout compute", "topic scheduler", "fanout scheduler",
            "topic network", "host network.h1", "host network.h2", "topic volume", "host volume.h1", "host volume.h2",
            "topic image", "topic placement", "topic identity",
            "fanout notifications",
        ],
        "scheduler": ["topic conductor", "topic placement"],
        "network": ["topic conductor", "topic identity"],
        "volume": ["topic conductor", "topic identity"],
        "image": ["topic conductor", "topic identity"],
        "placement": ["topic conductor", "topic identity"],
        "identity": ["topic conductor", "fanout revocations"],
        "api": usersFace, "metadata": usersFace, "proxy": usersFace, "consoleauth": usersFace,
        "listener": [],
        "admin": [],
    ]

    private static let topics =
        served.keys.sorted() + ["revocations", "notifications", "", "computes", "Compute", "compute.h1", "nova", "*"]
    private static var queues: [QueueName] {
        topics.flatMap { topic in
            [QueueName.topic(topic), .fanout(topic)]
                + ["h1", "h2", "H1", "h1 ", "h11", "h", "", "*"].map { QueueName.host(topic, $0) }
        }
    }
    private static func text(_ queue: QueueName) -> String { "\(queue.kind) \(queue)" }

    @Test("the matrix knows every role of the table")
    func roles() {
        #expect(Self.table.roles == Set(Self.served.keys))
        #expect(Self.table.roles == Set(Self.sent.keys))
    }

    @Test("who may serve what, cell by cell", arguments: served.keys.sorted())
    func serves(role: String) {
        let peer = PeerName(role: role, host: "h1", instance: "1")
        for queue in Self.queues {
            // An empty host is written like the topic's queue, and never allowed.
            let isAllowed = Self.served[role]?.contains(Self.text(queue)) == true && !Self.isBroken(queue)
            #expect(Self.table.mayServe(peer, queue) == isAllowed, "\(role) serves \(Self.text(queue))")
        }
    }

    @Test("who may send where, cell by cell", arguments: sent.keys.sorted())
    func sends(role: String) {
        let peer = PeerName(role: role, host: "h1", instance: "1")
        for queue in Self.queues where queue.host.isEmpty || ["h1", "h2"].contains(queue.host) {
            let isAllowed = Self.sent[role]?.contains(Self.text(queue)) == true && !Self.isBroken(queue)
            for kind in MessageKind.allCases {
                let fits = queue.kind == .fanout ? kind == .fanout : kind == .call || kind == .cast
                #expect(
                    Self.table.maySend(peer, kind, to: queue) == (isAllowed && fits),
                    "\(role) sends \(kind) to \(Self.text(queue))")
            }
        }
    }

    private static func isBroken(_ queue: QueueName) -> Bool { queue.kind == .host && queue.host.isEmpty }

    @Test("a compute host is its own host to the letter", arguments: ["h1", "H1", "h1.", "h", "", "h1\u{301}"])
    func hosts(host: String) {
        let peer = PeerName(role: "compute", host: host, instance: "")
        #expect(Self.table.mayServe(peer, .host("compute", "h1")) == (host == "h1"))
    }

    @Test("texts that only look alike are two hosts")
    func lookalikes() {
        let composed = PeerName(role: "compute", host: "\u{E9}", instance: "")
        #expect(composed.host == "e\u{301}")  // to Swift they are one
        #expect(Self.table.mayServe(composed, .host("compute", "\u{E9}")))
        #expect(!Self.table.mayServe(composed, .host("compute", "e\u{301}")))
    }

    @Test("who may ask the broker")
    func questions() {
        for role in Self.served.keys {
            let peer = PeerName(role: role, host: "h1", instance: "1")
            for question in [AdminQuestion.queues, .peers, .deadLetters, .methods, .purge, .drain, .trace] {
                let mayRead =
                    question == .queues && ["api", "scheduler", "metadata", "proxy", "consoleauth"].contains(role)
                #expect(Self.table.mayAsk(peer, question) == (role == "admin" || mayRead), "\(role) asks \(question)")
            }
        }
    }

    @Test("who may note requests from outside")
    func traces() {
        for role in Self.served.keys {
            let mayTrace = !["compute", "conductor", "scheduler", "listener", "admin"].contains(role)
            #expect(Self.table.mayTrace(PeerName(role: role, host: "h1", instance: "1")) == mayTrace, "\(role)")
        }
    }

    @Test("an unknown role may do nothing", arguments: ["", "Compute", "compute ", "root", "*", "queue"])
    func unknownRoles(role: String) {
        let peer = PeerName(role: role, host: "h1", instance: "1")
        for queue in Self.queues {
            #expect(!Self.table.mayServe(peer, queue))
            for kind in MessageKind.allCases { #expect(!Self.table.maySend(peer, kind, to: queue)) }
        }
        #expect(!Self.table.mayAsk(peer, .queues))
        #expect(!Self.table.mayTrace(peer))
    }
}
