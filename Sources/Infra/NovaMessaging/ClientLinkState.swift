import NovaCore

/// What a peer knows of its connection to one broker.
struct ClientLinkState {
    enum Phase {
        /// No socket; it is made again at ``openAt``.
        case closed
        /// libzmq has no connection yet.
        case connecting
        /// HELLO is sent.
        case greeting
        case ready
        /// The broker stops soon: it ends what it has and gets nothing new.
        case draining
    }

    let endpoint: String
    var phase = Phase.closed
    /// The boot id of the broker that said WELCOME.
    var boot: UInt64 = 0
    /// When the broker started.
    var startedAt: Int64 = 0
    /// Grows with each WELCOME: what was sent before may be lost.
    var epoch = 0
    var lastHeard: Int64
    /// Until when is known what the broker did, before the connection was lost.
    private(set) var knownUntil: Int64
    var lastSent: Int64
    var lastPing: Int64
    var openAt: Int64
    private var failures: Int64 = 0

    init(endpoint: String, now: Int64) {
        self.endpoint = endpoint
        lastHeard = now
        knownUntil = now
        lastSent = now
        lastPing = now
        openAt = now
    }

    /// Whether the broker takes messages of this peer.
    var isWelcome: Bool { phase == .ready || phase == .draining }

    /// The connection has ended, and libzmq makes it again.
    ///
    /// What the broker sent after it was heard for the last time may have gone with it: where the network was cut as it
    /// died, its system answers with a reset instead.
    mutating func ended() {
        if isWelcome { knownUntil = lastHeard }
        phase = .connecting
    }

    mutating func welcomed(boot: UInt64, startedAt: Int64) {
        self.boot = boot
        self.startedAt = startedAt
        phase = .ready
        epoch += 1
        failures = 0
    }

    /// No socket for a while that doubles with each failure, from 100 ms to 10 s, with full jitter.
    mutating func close(now: Int64, random: inout SplitMix64) {
        if isWelcome { knownUntil = lastHeard }
        phase = .closed
        failures = min(failures + 1, 8)
        openAt = now + Int64.random(in: 10...min(Int64(50) << failures, 10_000), using: &random)
    }
}
