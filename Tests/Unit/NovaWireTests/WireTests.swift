import NovaCore
import NovaWire
import Testing

@Suite("Wire codec")
struct WireTests {
    @Test("every field type survives the way there and back")
    func roundTrip() throws {
        let sample = EveryField.sample
        #expect(try EveryField(decoding: sample.encoded()) == sample)
        #expect(try EveryField(decoding: EveryField().encoded()) == EveryField())
    }

    @Test("extreme numbers survive", arguments: [Int64.min, -1, 0, 1, 63, 64, 127, 128, 1 << 40, Int64.max])
    func numbers(value: Int64) throws {
        #expect(try Inner(decoding: Inner("", value).encoded()).number == value)
    }

    @Test("a record cut anywhere is refused")
    func truncation() {
        let bytes = EveryField.sample.encoded()
        for count in 0..<bytes.count {
            #expect(throws: NovaError.self) { try EveryField(decoding: Array(bytes.prefix(count))) }
        }
    }

    @Test("a record whose length was shortened is refused or defaulted, never a trap")
    func shortened() {
        // Two length bytes: the sample is between 128 and 16,383 bytes long.
        let bytes = EveryField.sample.encoded()
        for count in 0..<bytes.count - 2 {
            var writer = WireWriter()
            writer.blob(Array(bytes[2..<2 + count]))
            do { _ = try EveryField(decoding: writer.bytes) } catch { #expect(NovaError(error).code == .malformed) }
        }
    }

    @Test("100,000 seeded mutations are refused or decoded, never a trap")
    func mutations() {
        var generator = SplitMix64(seed: 42)
        let bytes = EveryField.sample.encoded()
        var refused = 0
        for _ in 0..<100_000 {
            var copy = bytes
            for _ in 0...Int(generator.next() % 4) {
                let at = Int(generator.next() % UInt64(copy.count))
                switch generator.next() % 4 {
                case 0: copy[at] = UInt8(truncatingIfNeeded: generator.next())
                case 1: copy[at] ^= 1 << UInt8(generator.next() % 8)
                case 2: copy.insert(0xFF, at: at)
                default: if copy.count > 1 { copy.remove(at: at) }
                }
            }
            do { _ = try EveryField(decoding: copy) } catch { refused += 1 }
        }
        #expect(refused > 0)
    }

    @Test("random bytes are refused or decoded, never a trap")
    func noise() {
        var generator = SplitMix64(seed: 9)
        for _ in 0..<20_000 {
            let count = Int(generator.next() % 64)
            let bytes = (0..<count).map { _ in UInt8(truncatingIfNeeded: generator.next()) }
            do { _ = try EveryField(decoding: bytes) } catch { #expect(NovaError(error).code == .malformed) }
        }
    }

    @Test("fields of a newer version are skipped, missing ones keep their defaults")
    func versions() throws {
        var later = LaterInner()
        later.text = "t"
        later.number = 5
        later.more = [1, 2, 3]
        later.color = .green
        #expect(try Inner(decoding: later.encoded()) == Inner("t", 5))
        let back = try LaterInner(decoding: Inner("t", 5).encoded())
        #expect(back.more == [] && back.color == .blue && back.number == 5)
        #expect(try Inner(decoding: [0]) == Inner())
    }

    @Test("bytes after the record are refused")
    func surplus() {
        #expect(throws: NovaError.self) { try Inner(decoding: Inner("a", 1).encoded() + [0]) }
    }

    @Test(
        "bytes with a second form are refused",
        arguments: ["0280 00", "03 80 80 00", "02 01ff", "0401 61 8000", "0cffffffffffffffffffffff7f"])
    func canonical(hex: String) throws {
        let bytes = try #require(Hex.decode(hex.filter { $0 != " " }))
        #expect(throws: NovaError.self) { try Inner(decoding: bytes) }
    }

    @Test(
        "lengths of every size of varint survive", arguments: [0, 120, 121, 122, 130, 16_370, 16_380, 16_390, 1 << 21])
    func lengths(count: Int) throws {
        var value = EveryField()
        value.inner = Inner(String(repeating: "é", count: count / 2), -1)
        value.inners = [value.inner, value.inner]
        #expect(try EveryField(decoding: value.encoded()) == value)
    }

    @Test("maps are sorted by key", arguments: 0...5)
    func maps(count: Int) throws {
        var value = EveryField()
        var expected = WireWriter()
        expected.varint(UInt64(count))
        for number in 0..<count {
            value.map["k\(number)"] = "\(number)"
            expected.text("k\(number)")
            expected.text("\(number)")
        }
        var writer = WireWriter()
        value.map.encode(to: &writer)
        #expect(writer.bytes == expected.bytes)
        #expect(try EveryField(decoding: value.encoded()) == value)
    }

    @Test(
        "text that is not UTF-8 is refused",
        arguments: ["80", "c080", "c1bf", "eda080", "efbf", "f4908080", "61ff62", "efbfbdff", "f09f98"])
    func invalidText(hex: String) throws {
        let text = try #require(Hex.decode(hex))
        var writer = WireWriter()
        writer.blob([UInt8(text.count)] + text + [0])
        #expect(throws: NovaError.self) { try Inner(decoding: writer.bytes) }
        #expect(String(utf8: UnsafeRawBufferPointer(start: nil, count: 0)) == "")
    }

    @Test("every form of user id survives", arguments: ["", "default", "00112233445566778899aabbccddeeff"])
    func identifiers(text: String) throws {
        for form in [text, text.uppercased(), "x" + text] {
            var value = EveryField()
            value.user = UserID(form)
            #expect(try EveryField(decoding: value.encoded()).user == UserID(form))
        }
    }

    @Test("a list of far more memory than bytes is refused")
    func amplification() throws {
        // Each element is one byte, an empty record, and some hundred bytes in memory.
        var list = WireWriter()
        let count = 1 << 20
        list.varint(UInt64(count))
        list.blob([])
        let bytes = list.bytes.dropLast() + [UInt8](repeating: 0, count: count)
        var writer = WireWriter()
        writer.blob(Array(bytes))
        #expect(throws: NovaError.self) { try ManyFields(decoding: writer.bytes) }
    }

    @Test("secrets are masked where records are printed")
    func masked() {
        #expect(!EveryField.sample.debugText.contains("pw"))
        #expect(EveryField.sample.debugText.contains("secret: ***"))
    }
}

/// A list of large records.
struct ManyFields: Record {
    var elements: [EveryField] = []
    init() {}
    mutating func fields<V: FieldVisitor>(_ visitor: inout V) { visitor.visit("elements", &elements) }
}
