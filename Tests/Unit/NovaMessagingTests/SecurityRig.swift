import CommonTestKit
import Glibc
import Logging
import NovaCore
import NovaRPC
import Synchronization
import Testing

@testable import NovaMessaging

/// A broker with CURVE and a file of authorized keys.
final class SecurityRig: Sendable {
    let endpoint: String
    let keys: CurveKeyPair
    let log: TestLog
    let broker: QueueBroker
    private let folder: KeyFolder
    private let pairs = Mutex<[PeerName: CurveKeyPair]>([:])

    private var editor: AuthorizedKeysEditor { AuthorizedKeysEditor(path: "\(folder.path)/keys") }

    private init() throws {
        folder = try KeyFolder()
        keys = try CurveKeyPair()
        log = TestLog()
        let logger = log.logger
        try folder.write("keys", "")
        let file = try AuthorizedKeysFile(path: "\(folder.path)/keys", log: logger)
        broker = try QueueBroker(
            endpoints: ["tcp://127.0.0.1:*"], curve: BrokerCurve(keys: keys, authorized: file), log: logger)
        endpoint = try #require(broker.boundEndpoints.first)
    }

    static func run(_ body: (SecurityRig) async throws -> Void) async throws {
        let rig = try SecurityRig()
        let running = Task { try await rig.broker.run() }
        let result: Result<Void, any Error>
        do { result = .success(try await body(rig)) } catch { result = .failure(error) }
        rig.broker.stop()
        try await running.value
        try result.get()
    }

    var port: UInt16 { UInt16(endpoint.split(separator: ":").last ?? "") ?? 0 }

    /// The address with keys for a name, which are authorized unless they are there already.
    func address(_ name: PeerName) throws -> BrokerAddress {
        let pair = try pairs.withLock { pairs in
            if let pair = pairs[name] { return pair }
            let pair = try CurveKeyPair()
            pairs[name] = pair
            try editor.authorize(AuthorizedKeys.Entry(publicKey: pair.publicKey, name: name))
            return pair
        }
        return BrokerAddress(endpoint, curve: ClientCurve(keys: pair, broker: keys.publicKey))
    }

    func authorize(_ key: CurvePublicKey, _ name: PeerName) throws {
        try editor.authorize(AuthorizedKeys.Entry(publicKey: key, name: name))
    }

    func revoke(_ name: PeerName) throws { #expect(try !editor.revoke("\(name.role)@\(name.host)").isEmpty) }

    func peer(_ name: PeerName, routingID: String? = nil) throws -> RawPeer {
        try RawPeer(try address(name), routingID: routingID)
    }
}

/// Keeps what a broker says.
final class TestLog: Sendable {
    private struct Handler: LogHandler {
        let lines: TestLog
        var metadata: Logger.Metadata = [:]
        var logLevel = Logger.Level.info
        subscript(metadataKey key: String) -> Logger.Metadata.Value? {
            get { metadata[key] }
            set { metadata[key] = newValue }
        }
        func log(event: LogEvent) { lines.add("\(event.level): \(event.message)") }
    }

    private let all = Mutex<[String]>([])

    var logger: Logger { Logger(label: "test") { [self] _ in Handler(lines: self) } }

    func add(_ line: String) { all.withLock { $0.append(line) } }
    func has(_ text: String) -> Bool { all.withLock { $0.contains { $0.contains(text) } } }
    func count(_ text: String) -> Int { all.withLock { $0.count { $0.contains(text) } } }
    var text: String { all.withLock { $0.joined(separator: "\n") } }
}

/// A DEALER that says what no client of ours would; confined to one test.
final class RawPeer {
    private static let dealer: Int32 = 5
    private static let linger: Int32 = 17
    private static let routingID: Int32 = 5

    private let socket: ZMQSocket
    private(set) var received: [(header: MessageHeader, body: [UInt8])] = []

    init(_ address: BrokerAddress, routingID: String? = nil) throws {
        socket = try ZMQContext.shared.socket(Self.dealer)
        try socket.set(Self.linger, Int32(0))
        if let routingID { try socket.set(Self.routingID, routingID) }
        try address.curve?.apply(to: socket)
        try socket.connect(address.endpoint)
    }

    func close() { socket.close() }

    func send(_ frames: [[UInt8]]) {
        for index in frames.indices {
            _ = frames[index].withUnsafeBytes { socket.send($0, more: index < frames.count - 1) }
        }
    }

    func send(_ header: MessageHeader, _ body: [UInt8] = []) { send([header.encoded(), body]) }

    static func hello(_ name: PeerName, instance: UInt64) -> MessageHeader {
        var header = MessageHeader(.hello, id: MessageID(sender: instance, counter: 1))
        header.since = UInt16(MessageHeader.version)
        header.principal = name
        return header
    }

    static func header(_ kind: MessageKind, _ instance: UInt64, _ counter: UInt64, _ queue: QueueName = .none)
        -> MessageHeader
    {
        var header = MessageHeader(kind, id: MessageID(sender: instance, counter: counter))
        header.queue = queue
        header.remaining = 20_000
        if kind == .ready || kind == .credit { header.amount = 4 }
        return header
    }

    /// Reads what is there.
    func read() {
        var frames: [[UInt8]] = []
        while socket.receive(limit: 2, into: &frames) {
            guard frames.count == 2, let header = try? MessageHeader(decoding: frames[0]) else { continue }
            received.append((header, frames[1]))
        }
    }

    func has(_ kind: MessageKind) -> Bool { received.contains { $0.header.kind == kind } }

    /// Waits for a message of a kind.
    func wait(_ kind: MessageKind) async throws -> (header: MessageHeader, body: [UInt8]) {
        try await until("\(kind); got \(received.map(\.header.kind))") {
            read()
            return has(kind)
        }
        return try #require(received.first { $0.header.kind == kind })
    }

    /// Says HELLO and waits to be welcomed.
    func join(_ name: PeerName, instance: UInt64) async throws {
        send(Self.hello(name, instance: instance))
        _ = try await wait(.welcome)
    }
}
