import NovaCore
import NovaMessaging
import NovaWire
import Testing

@Suite("Message header")
struct HeaderTests {
    static var sample: MessageHeader {
        var header = MessageHeader(.call, id: MessageID(sender: 0x0102_0304_0506_0708, counter: 300))
        header.flags = [.idempotent]
        header.queue = .host("compute", "h1")
        header.interface = "x"
        header.method = 5
        header.since = 2
        header.remaining = 60_000
        header.attempt = 1
        header.amount = 9
        header.trace = UUID128(high: 1, low: 2)
        header.principal = PeerName(role: "api", host: "c1", instance: "2")
        return header
    }
    /// The example of `proto-spec/wire/envelope.md`.
    static let hex =
        "4e5101050101020304050607 08ac0202 07636f6d70757465 026831 0178 05 02 e0d403 01 09"
        + "0000000000000001 0000000000000002 03617069 026331 0132"

    @Test("the documented bytes, both ways")
    func vector() throws {
        let text = Self.hex.filter { $0 != " " }
        #expect(Hex.encode(Self.sample.encoded()) == text)
        #expect(try MessageHeader(decoding: try #require(Hex.decode(text))) == Self.sample)
    }

    @Test("every truncation is refused, appended fields are skipped")
    func truncation() throws {
        let bytes = Self.sample.encoded()
        for count in 0..<bytes.count {
            #expect(throws: WireError.self) { try MessageHeader(decoding: Array(bytes.prefix(count))) }
        }
        #expect(try MessageHeader(decoding: bytes + [1, 2, 3]) == Self.sample)
    }

    @Test("100,000 mutations never trap")
    func mutations() {
        var generator = SplitMix(seed: 11)
        let bytes = Self.sample.encoded()
        var refused = 0
        for _ in 0..<100_000 {
            var copy = bytes
            for _ in 0...Int(generator.next() % 3) {
                copy[Int(generator.next() % UInt64(copy.count))] = UInt8(truncatingIfNeeded: generator.next())
            }
            do throws(WireError) { _ = try MessageHeader(decoding: copy) } catch { refused += 1 }
        }
        #expect(refused > 0)
    }
}

/// A small seeded generator.
struct SplitMix: RandomNumberGenerator {
    var state: UInt64
    init(seed: UInt64) { state = seed }
    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
}
