import Glibc
import NovaCore
import NovaMessaging
import NovaRPC
import Testing

@Suite("Garbage at the broker's port", .timeLimit(.minutes(1)))
struct GarbageTests {
    @Test("raw bytes of any kind leave the broker unharmed")
    func rawBytes() async throws {
        try await QueueRig.withBroker("tcp://127.0.0.1:*") { endpoint in
            let port = try #require(UInt16(endpoint.split(separator: ":").last ?? ""))
            var generator = SplitMix(seed: 5)
            for round in 0..<50 {
                var bytes = (0..<200).map { _ in UInt8(truncatingIfNeeded: generator.next()) }
                // Every other one begins as ZMTP 3 does.
                if round % 2 == 0 { bytes = [0xFF, 0, 0, 0, 0, 0, 0, 0, 1, 0x7F, 3] + bytes }
                try Self.send(bytes, to: port)
            }
            // ZMTP 3.0, mechanism NULL, as a DEALER, then frames that are no messages of ours.
            var greeting: [UInt8] = [0xFF, 0, 0, 0, 0, 0, 0, 0, 1, 0x7F, 3, 0] + Array("NULL".utf8)
            greeting += [UInt8](repeating: 0, count: 64 - greeting.count)
            let metadata: [UInt8] = [5] + Array("READY".utf8) + [11] + Array("Socket-Type".utf8) + [0, 0, 0, 6]
            let ready = metadata + Array("DEALER".utf8)
            greeting += [4, UInt8(ready.count)] + ready
            for _ in 0..<5 { greeting += [1, 2, 9, 9, 0, 3, 1, 2, 3] + [0, 1, 7] }
            try Self.send(greeting, to: port)

            let bus = try await QueueRig.bus(endpoint)
            var dispatcher = RPCDispatcher()
            dispatcher.on(Echo.self) { echo, _ in echo }
            try await bus.serve(dispatcher, topic: "echo", host: nil, slots: 1)
            #expect(try await bus.call(Echo("ok"), to: .topic("echo"), context: .system()).text == "ok")
            await bus.close()
        }
    }

    private static func send(_ bytes: [UInt8], to port: UInt16) throws {
        let fd = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(fd) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        let connected = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(fd, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        try #require(connected == 0)
        _ = Glibc.send(fd, bytes, bytes.count, Int32(MSG_NOSIGNAL))
    }
}
