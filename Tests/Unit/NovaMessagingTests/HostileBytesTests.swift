import CommonTestKit
import Glibc
import NovaCore
import Testing

@testable import NovaMessaging

/// A tcp connection that speaks no ZMTP, or bad one.
struct RawConnection: ~Copyable {
    /// What a CURVE client begins with.
    static let greeting: [UInt8] =
        [0xFF, 0, 0, 0, 0, 0, 0, 0, 1, 0x7F, 3, 0] + Array("CURVE".utf8) + [UInt8](repeating: 0, count: 47)

    /// A whole plain handshake of a DEALER.
    static let plainDealer: [UInt8] = {
        let properties = [11] + Array("Socket-Type".utf8) + [0, 0, 0, 6] + Array("DEALER".utf8)
        let ready = [5] + Array("READY".utf8) + properties
        return [0xFF, 0, 0, 0, 0, 0, 0, 0, 1, 0x7F, 3, 0] + Array("NULL".utf8) + [UInt8](repeating: 0, count: 48)
            + [4, UInt8(ready.count)] + ready
    }()

    private let fd: Int32

    init(_ port: UInt16) throws {
        fd = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        let connected = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(fd, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard connected == 0 else { throw NovaError(.unavailable, "no connection to port \(port)") }
    }

    deinit { close(fd) }

    /// Sends what fits without waiting, and tells how much that was.
    func sendSome(_ bytes: ArraySlice<UInt8>) -> Int {
        max(
            0,
            bytes.withUnsafeBytes {
                Glibc.send(fd, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL) | Int32(MSG_DONTWAIT))
            })
    }

    func send(_ bytes: [UInt8]) {
        _ = Glibc.send(fd, bytes, bytes.count, Int32(MSG_NOSIGNAL) | Int32(MSG_DONTWAIT))
    }

    /// Reads what is there, and tells how much that was.
    func readSome() -> Int {
        var bytes = [UInt8](repeating: 0, count: 4_096)
        return max(0, recv(fd, &bytes, bytes.count, Int32(MSG_DONTWAIT)))
    }

    /// Whether the other end has closed; what it says is read away.
    func isClosed() -> Bool {
        var bytes = [UInt8](repeating: 0, count: 4_096)
        while true {
            let count = recv(fd, &bytes, bytes.count, Int32(MSG_DONTWAIT))
            if count == 0 { return true }
            if count < 0 { return errno != EAGAIN && errno != EINTR }
        }
    }
}

@Suite("Hostile bytes at an encrypted port", .timeLimit(.minutes(2)))
struct HostileBytesTests {
    private static let other = PeerName(role: "compute", host: "h2", instance: "1")

    @Test("raw garbage, also behind a right beginning, is closed and harms nobody")
    func rawGarbage() async throws {
        try await SecurityRig.run { rig in
            let pair = try await WorkingPair(rig)
            var generator = SplitMix(seed: 11)
            for round in 0..<60 {
                var bytes = (0..<300).map { _ in UInt8(truncatingIfNeeded: generator.next()) }
                if round % 3 == 1 { bytes = RawConnection.greeting + bytes }
                // A HELLO command of the right length with nonsense in it.
                if round % 3 == 2 {
                    bytes = RawConnection.greeting + [4, 200, 5] + Array("HELLO".utf8) + [1, 0] + bytes
                }
                let connection = try RawConnection(rig.port)
                connection.send(bytes)
                if round % 10 == 0 { try await pair.works() }
            }
            try await pair.works()
        }
    }

    @Test("a handshake that never ends is closed within the limit")
    func slowHandshake() async throws {
        try await SecurityRig.run { rig in
            let pair = try await WorkingPair(rig)
            let silent = try RawConnection(rig.port)
            let half = try RawConnection(rig.port)
            half.send(Array(RawConnection.greeting.prefix(30)))
            let greeted = try RawConnection(rig.port)
            greeted.send(RawConnection.greeting)
            for _ in 0..<10 { try await pair.works() }
            try await until("all are closed") {
                pair.beat()
                return silent.isClosed() && half.isClosed() && greeted.isClosed()
            }
            try await pair.works()
        }
    }

    @Test("frames that are no messages cut their sender off after three, and nobody else")
    func badFrames() async throws {
        try await SecurityRig.run { rig in
            let pair = try await WorkingPair(rig)
            let good = RawPeer.hello(Self.other, instance: 5).encoded()
            var bad: [[[UInt8]]] = [
                [], [[]], [[], []], [[1, 2, 3], []], [good], [good, [], []], [Array(good.dropLast(3)), []],
                [[UInt8](repeating: 0x4E, count: 5_000), []], [good + [UInt8](repeating: 1, count: 5_000), []],
            ]
            bad += (0..<good.count).map { [Array(good.prefix($0)), [1]] }
            bad.removeAll { $0.isEmpty }
            for frames in bad {
                let peer = try rig.peer(Self.other)
                for _ in 0..<3 { peer.send(frames) }
                if frames.count != 3 { try await pair.works() }
                peer.close()
            }
            // Cut off: the connection is closed, and what it says then is not heard.
            let peer = try rig.peer(Self.other)
            try await peer.join(Self.other, instance: 6)
            for _ in 0..<3 { peer.send([[9], [9]]) }
            try await until("cut off") {
                pair.beat()
                return rig.log.has("compute@h2/1) is ignored")
            }
            try await pair.works()
        }
    }

    @Test("a message beyond the limit closes its connection and costs nobody else")
    func oversized() async throws {
        try await SecurityRig.run { rig in
            let pair = try await WorkingPair(rig)
            let peer = try rig.peer(Self.other)
            try await peer.join(Self.other, instance: 5)
            let before = rig.broker.admissions?.admittedCount ?? 0
            var header = RawPeer.header(.call, 5, 9, .topic("conductor"))
            header.remaining = 1_000
            peer.send(header, [UInt8](repeating: 1, count: MessageHeader.maximumBody + 1))
            // libzmq connects again: the connection was closed.
            try await until("closed") {
                pair.beat()
                return (rig.broker.admissions?.admittedCount ?? 0) > before
            }
            try await pair.works()
        }
    }

    @Test("a message without end is cut off before it fills the memory")
    func endless() async throws {
        let log = TestLog()
        let broker = try QueueBroker(endpoints: ["tcp://127.0.0.1:*"], log: log.logger)
        let running = Task { try await broker.run() }
        defer { broker.stop() }
        let endpoint = try #require(broker.boundEndpoints.first)
        let bystander = try RawPeer(BrokerAddress(endpoint))
        try await bystander.join(PeerName(role: "conductor", host: "c1", instance: "1"), instance: 1)
        let attacker = try RawConnection(try #require(UInt16(endpoint.split(separator: ":").last ?? "")))
        attacker.send(RawConnection.plainDealer)
        // The broker's whole side of the handshake is longer than its greeting of 64 bytes.
        var heard = 0
        try await until("handshake") {
            heard += attacker.readSome()
            return heard > 90
        }
        // A frame of 64 KiB with the flag that another one follows, again and again.
        let frame: [UInt8] = [3, 0, 0, 0, 0, 0, 1, 0, 0] + [UInt8](repeating: 7, count: 65_536)
        var sent = 0
        var rest = frame[...]
        try await until("cut off") {
            bystander.read()
            bystander.send(MessageHeader(.pong, id: MessageID(sender: 0, counter: 0)))
            if sent < 256 << 20 {
                let count = attacker.sendSome(rest)
                sent += count
                rest = rest.dropFirst(count)
                if rest.isEmpty { rest = frame[...] }
            }
            return attacker.isClosed()
        }
        #expect(log.has("sends without end and is closed"), "after \(sent) bytes: \(log.text)")
        #expect(sent < 256 << 20)
        bystander.send(RawPeer.header(.ping, 1, 9))
        _ = try await bystander.wait(.pong)
        broker.stop()
        try await running.value
    }
}
