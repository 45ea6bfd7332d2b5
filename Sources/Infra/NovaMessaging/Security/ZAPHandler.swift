import CZeroMQ
import Logging
import NovaCore
import Synchronization

/// Answers libzmq whether a connection may come in, for all brokers of the process: libzmq knows one handler a context.
///
/// Each broker has a ZAP domain of its own. The thread starts with the first one and lives as long as the process, as
/// the context does. A broker whose domain is unknown admits nobody.
final class ZAPHandler: Sendable {
    struct Domain: Sendable {
        let keys: AuthorizedKeysFile
        let counts: AdmissionCounts
        let log: Logger
    }

    static let endpoint = "inproc://zeromq.zap.01"
    private static let fileEvery: Int64 = 1_000

    private static let current = Mutex<ZAPHandler?>(nil)
    private static let counter = Atomic<Int>(0)

    private let domains = Mutex<[String: Domain]>([:])

    private init() {}

    /// The process's handler; when this returns, it listens.
    static func shared() throws -> ZAPHandler {
        try current.withLock { current in
            if let current { return current }
            let handler = ZAPHandler()
            let socket = try ZMQContext.shared.socket(ZMQ_REP)
            try socket.set(ZMQ_LINGER, 0)
            try socket.bind(endpoint)
            // Handed over once: nobody else uses it from here on.
            let box = Handover(socket)
            try DedicatedThread.start("nova-zap") { handler.run(box.socket) }
            current = handler
            return handler
        }
    }

    private final class Handover: @unchecked Sendable {
        let socket: ZMQSocket
        init(_ socket: ZMQSocket) { self.socket = socket }
    }

    /// Begins to answer for a broker.
    ///
    /// - Returns: its domain's name.
    func add(_ domain: Domain) -> String {
        let name = "nova-\(Self.counter.add(1, ordering: .relaxed).newValue)"
        domains.withLock { $0[name] = domain }
        return name
    }

    func remove(_ name: String) { domains.withLock { $0[name] = nil } }

    private func run(_ socket: ZMQSocket) {
        var item = zmq_pollitem_t(socket: socket.raw, fd: 0, events: Int16(ZMQ_POLLIN), revents: 0)
        var nextFile = MonotonicClock.milliseconds() + Self.fileEvery
        var frames: [[UInt8]] = []
        var refusals = RefusalLog()
        while true {
            let wait = max(0, nextFile - MonotonicClock.milliseconds())
            if zmq_poll(&item, 1, Int(wait)) > 0 {
                while socket.receive(limit: ZAPRequest.frameCount, into: &frames) {
                    let id = frames.count > 1 ? frames[1] : []
                    send(answer(frames, &refusals).frames(id: id), over: socket)
                }
            }
            let now = MonotonicClock.milliseconds()
            guard now >= nextFile else { continue }
            nextFile = now + Self.fileEvery
            for domain in domains.withLock({ Array($0.values) }) { domain.keys.reload() }
        }
    }

    private func answer(_ frames: [[UInt8]], _ refusals: inout RefusalLog) -> ZAPVerdict {
        guard let request = ZAPRequest(frames) else { return .malformed }
        guard let domain = domains.withLock({ $0[request.domain] }) else { return .refused("unknown domain") }
        // A key that was authorized or revoked a moment ago counts at once.
        domain.keys.reload()
        let verdict = Self.verdict(request) { domain.keys.name(of: $0) != nil }
        switch verdict {
        case .admitted: domain.counts.admitted.add(1, ordering: .relaxed)
        case .malformed: domain.counts.malformed.add(1, ordering: .relaxed)
        case .refused(let cause):
            domain.counts.refused.add(1, ordering: .relaxed)
            if let kept = refusals.next(now: MonotonicClock.milliseconds()) {
                let more = kept > 0 ? " (and \(kept) more before)" : ""
                domain.log.warning("a connection from \(request.address) is refused: \(cause)\(more)")
            }
        }
        return verdict
    }

    /// The decision on a request.
    static func verdict(_ request: ZAPRequest, isAuthorized: (CurvePublicKey) -> Bool) -> ZAPVerdict {
        guard request.mechanism == "CURVE" else { return .refused("mechanism \(request.mechanism), not CURVE") }
        guard let key = CurvePublicKey(bytes: request.credentials) else { return .malformed }
        return isAuthorized(key) ? .admitted(key) : .refused("key \(key) is not authorized")
    }

    private func send(_ frames: [[UInt8]], over socket: ZMQSocket) {
        for index in frames.indices {
            // A connection that is gone needs no answer.
            _ = frames[index].withUnsafeBytes { socket.send($0, more: index < frames.count - 1) }
        }
    }
}

/// How often a broker's connections were let in.
public final class AdmissionCounts: Sendable {
    let admitted = Atomic<Int>(0)
    let refused = Atomic<Int>(0)
    let malformed = Atomic<Int>(0)

    /// A connection with an authorized key, counted at its handshake.
    public var admittedCount: Int { admitted.load(ordering: .relaxed) }
    /// A connection with a key that nobody authorized, or without one.
    public var refusedCount: Int { refused.load(ordering: .relaxed) }
    /// A question of libzmq that was none.
    public var malformedCount: Int { malformed.load(ordering: .relaxed) }
}

/// Bounds what refused connections write into the log: so many lines in a minute, and how many were left out.
struct RefusalLog {
    static let lines = 20
    static let period: Int64 = 60_000

    private var until: Int64 = 0
    private var said = 0
    private var kept = 0

    /// Notes a refusal: nil when it is to be kept silent, else how many were since the last one that was told.
    mutating func next(now: Int64) -> Int? {
        if now >= until {
            until = now + Self.period
            said = 0
        }
        guard said < Self.lines else {
            kept += 1
            return nil
        }
        said += 1
        defer { kept = 0 }
        return kept
    }
}
