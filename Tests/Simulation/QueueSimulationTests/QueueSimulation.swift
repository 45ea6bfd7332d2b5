import NovaCore
import NovaWire

@testable import NovaMessaging

/// Brokers, senders and workers in virtual time, with crashes, stops, cuts and delays; the same seed gives the same run.
///
/// Senders and workers are peers: the first ones send, all of them may serve.
final class QueueSimulation {
    enum Event {
        case brokerTick(Int, life: Int)
        case peerTick(Int, life: Int)
        case connect(peer: Int, link: Int, life: Int)
        case arriveAtBroker(PeerRoute)
        case arriveAtPeer(PeerRoute)
        case brokerHearsEnd(PeerRoute)
        case peerHearsEnd(PeerRoute)
        case send(Int)
        case workEnds(Int, life: Int, MessageID)
        case fault
        case restartBroker(Int)
        case restartPeer(Int)
    }

    struct Report {
        var violations: [String] = []
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325
        var operations = 0
        var succeeded = 0
        var calls = 0
        var casts = 0
        /// Accepted casts that were reported as dead letters, though their senders lived.
        var reported = 0
        var events = 0

        mutating func add(_ other: Report) {
            operations += other.operations
            succeeded += other.succeeded
            calls += other.calls
            casts += other.casts
            reported += other.reported
            events += other.events
        }
    }

    static let brokerCount = 3
    static let senders = 0..<4
    static let workers = 4..<8
    static let topic = QueueName.topic("t")
    static let limits = {
        var limits = QueueLimits()
        limits.messages = 100
        limits.deadLetters = 20
        limits.traces = 500
        return limits
    }()

    /// A message whose way is printed.
    let follow: String?
    let trafficUntil: Int64
    let endAt: Int64
    var random: SplitMix64
    var now: Int64 = 1_000
    var events = EventQueue()
    var report = Report()

    var brokers: [BrokerState?] = []
    var brokerProcesses = [ProcessState](repeating: ProcessState(), count: brokerCount)
    var peers: [ClientState?] = []
    var peerProcesses = [ProcessState](repeating: ProcessState(), count: 8)
    var connections: [PeerRoute: SimulatedConnection] = [:]
    /// The connection of each link of each peer.
    var current: [Int: [Int: PeerRoute]] = [:]
    /// Pairs of peer and broker that do not reach each other, until when.
    var cuts: [Int: Int64] = [:]
    var nextRoute: PeerRoute = 1
    var nextCounter: UInt64 = 1
    var operations: [MessageID: SimulatedOperation] = [:]
    var running: [Int: Set<MessageID>] = [:]
    var order = DeliveryOrder()

    init(seed: UInt64, traffic: Int64 = 30_000, follow: String? = nil) {
        self.follow = follow
        random = SplitMix64(seed: seed)
        trafficUntil = 1_000 + traffic
        endAt = trafficUntil + 150_000
        for broker in 0..<Self.brokerCount {
            brokers.append(nil)
            startBroker(broker)
        }
        for peer in peerProcesses.indices {
            peers.append(nil)
            startPeer(peer)
        }
        for sender in Self.senders { events.add(.send(sender), at: now + chance(500)) }
        events.add(.fault, at: 6_000)
    }

    func run() -> Report {
        while let (at, event) = events.next(), at <= endAt {
            now = max(now, at)
            report.events += 1
            note(UInt64(bitPattern: at))
            happen(event)
        }
        judge()
        report.operations = operations.count
        report.casts = operations.values.count { $0.kind == .cast && $0.isAccepted }
        return report
    }

    /// How often processes look at the time; less often when all is quiet.
    var tickEvery: Int64 { now < trafficUntil + 15_000 ? 50 : 400 }

    // MARK: Chance

    func chance(_ limit: Int64) -> Int64 { Int64.random(in: 0..<max(1, limit), using: &random) }
    func isTrue(_ percent: Int64) -> Bool { chance(100) < percent }

    func note(_ value: UInt64) { report.hash = (report.hash ^ value) &* 0x100_0000_01B3 }

    // MARK: Processes

    func startBroker(_ index: Int) {
        brokerProcesses[index].life += 1
        brokerProcesses[index].isAlive = true
        brokerProcesses[index].pausedUntil = 0
        say("broker \(index) starts")
        brokers[index] = BrokerState(limits: Self.limits, boot: random.next() | 1, now: now)
        events.add(.brokerTick(index, life: brokerProcesses[index].life), at: now + 50)
    }

    func startPeer(_ index: Int) {
        peerProcesses[index].life += 1
        peerProcesses[index].isAlive = true
        peerProcesses[index].pausedUntil = 0
        current[index] = [:]
        running[index] = []
        let state = ClientState(
            instance: random.next() | 1, endpoints: (0..<Self.brokerCount).map { "tcp://b\($0)" },
            name: PeerName(role: "test", host: "h\(index)", instance: "\(peerProcesses[index].life)"),
            seed: random.next(), now: now)
        peers[index] = state
        say("peer \(index) starts as \(String(state.instance, radix: 16))")
        if Self.workers.contains(index) {
            apply(state.handle(.serve(ClientService(queue: Self.topic, slots: 2)), now: now), index)
            let host = QueueName.host("t", "h\(index)")
            apply(state.handle(.serve(ClientService(queue: host, slots: 4)), now: now), index)
        }
        events.add(.peerTick(index, life: peerProcesses[index].life), at: now + 1)
    }

    func killBroker(_ index: Int) {
        guard brokers[index] != nil else { return }
        say("broker \(index) is killed")
        brokers[index] = nil
        brokerProcesses[index].isAlive = false
        // What libzmq had not given to the system is lost.
        let written = now - chance(2)
        for connection in connections.values.sorted(by: { $0.route < $1.route }) where connection.broker == index {
            connection.isBroken = true
            connection.toBroker = []
            connection.toPeer.removeAll { $0.sent > written || isReset(connection) }
            events.add(.peerHearsEnd(connection.route), at: now + 1 + chance(5))
        }
        events.add(.restartBroker(index), at: now + 100 + chance(6_000))
    }

    func killPeer(_ index: Int) {
        guard peers[index] != nil else { return }
        say("peer \(index) is killed")
        peers[index] = nil
        peerProcesses[index].isAlive = false
        let written = now - chance(2)
        for connection in connections.values.sorted(by: { $0.route < $1.route }) where connection.peer == index {
            leave(connection)
            connection.toBroker.removeAll { $0.sent > written || isReset(connection) }
        }
        events.add(.restartPeer(index), at: now + 100 + chance(4_000))
    }

    /// Whether the end of a process that cannot be reached is heard of without what it had sent before: its host is gone,
    /// or its system answers what it is sent later with a reset.
    private func isReset(_ connection: SimulatedConnection) -> Bool {
        connection.route % 2 == 0 && isCut(connection.peer, connection.broker)
    }

    /// The peer's side of a connection ends.
    func leave(_ connection: SimulatedConnection) {
        guard !connection.isLeft else { return }
        connection.isLeft = true
        connection.toPeer = []
        events.add(.brokerHearsEnd(connection.route), at: now + 1 + chance(5))
    }

    func isPaused(_ process: ProcessState) -> Bool { process.pausedUntil > now }

    func isCut(_ peer: Int, _ broker: Int) -> Bool { (cuts[peer * 10 + broker] ?? 0) > now }
}
