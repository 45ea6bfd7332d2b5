public import NovaCore

/// Writes JSON text as it goes, without a tree in between.
///
/// Commas and quotes are its work; that names and values alternate is the caller's. The text grows in memory of its own,
/// as an array would look at itself before each byte, and a long one is kept in chunks, so that it is never copied as a
/// whole.
public struct JSONWriter: ~Copyable {
    /// After so many bytes a chunk ends with the object that is being written.
    static let chunkSize = 60_000

    private var chunks: [[UInt8]] = []
    private var memory: UnsafeMutablePointer<UInt8>
    private var capacity: Int
    private var count = 0
    private var needsComma = false

    /// An empty text.
    public init() {
        capacity = 512
        memory = .allocate(capacity: capacity)
    }

    deinit { memory.deallocate() }

    /// The text so far, UTF-8.
    public var bytes: [UInt8] {
        let last = Array(UnsafeBufferPointer(start: memory, count: count))
        return chunks.isEmpty ? last : Array(chunks.joined()) + last
    }

    /// The text in pieces of some ten thousand bytes; a short one is one piece.
    public consuming func finish() -> [[UInt8]] {
        endChunk()
        return chunks
    }

    private mutating func endChunk() {
        chunks.append(Array(UnsafeBufferPointer(start: memory, count: count)))
        count = 0
    }

    /// Makes room for so many bytes and says where they go.
    @inline(__always)
    private mutating func room(_ size: Int) -> UnsafeMutablePointer<UInt8> {
        if capacity - count < size { grow(size) }
        return memory + count
    }

    private mutating func grow(_ size: Int) {
        capacity = max(capacity * 2, count + size)
        let larger = UnsafeMutablePointer<UInt8>.allocate(capacity: capacity)
        larger.update(from: memory, count: count)
        memory.deallocate()
        memory = larger
    }

    @inline(__always)
    private mutating func append(_ byte: UInt8) {
        room(1).pointee = byte
        count += 1
    }

    @inline(__always)
    private mutating func separate() {
        if needsComma { append(UInt8(ascii: ",")) }
    }

    private mutating func raw(_ text: StaticString) {
        separate()
        room(text.utf8CodeUnitCount).update(from: text.utf8Start, count: text.utf8CodeUnitCount)
        count += text.utf8CodeUnitCount
        needsComma = true
    }

    /// An object as the next value; the body writes its fields.
    public mutating func object(_ body: (inout JSONWriter) throws -> Void) rethrows {
        separate()
        append(UInt8(ascii: "{"))
        needsComma = false
        try body(&self)
        append(UInt8(ascii: "}"))
        needsComma = true
        if count > Self.chunkSize { endChunk() }
    }

    /// An array as the next value; the body writes its values.
    public mutating func array(_ body: (inout JSONWriter) throws -> Void) rethrows {
        separate()
        append(UInt8(ascii: "["))
        needsComma = false
        try body(&self)
        append(UInt8(ascii: "]"))
        needsComma = true
    }

    /// The name of the next value of an object.
    public mutating func key(_ name: String) {
        write(name, isName: true)
    }

    /// A string, or null for nil.
    public mutating func value(_ value: String?) {
        guard let value else { return raw("null") }
        write(value, isName: false)
    }

    /// One string of several pieces, such as an address.
    public mutating func value(joining pieces: (String, String, String, String)) {
        separate()
        append(UInt8(ascii: "\""))
        escape(pieces.0)
        escape(pieces.1)
        escape(pieces.2)
        escape(pieces.3)
        append(UInt8(ascii: "\""))
        needsComma = true
    }

    /// A time, or null for nil.
    public mutating func value(_ value: Timestamp?, _ form: Timestamp.Form) {
        guard let value else { return raw("null") }
        separate()
        append(UInt8(ascii: "\""))
        count += value.write(form, to: room(Timestamp.longestText))
        append(UInt8(ascii: "\""))
        needsComma = true
    }

    /// An integer, or null for nil.
    public mutating func value(_ value: Int64?) {
        guard let value else { return raw("null") }
        separate()
        if value < 0 { append(UInt8(ascii: "-")) }
        var rest = value.magnitude
        var length = 1
        while rest >= 10 {
            rest /= 10
            length += 1
        }
        let target = room(length)
        rest = value.magnitude
        for place in stride(from: length - 1, through: 0, by: -1) {
            target[place] = UInt8(ascii: "0") + UInt8(truncatingIfNeeded: rest % 10)
            rest /= 10
        }
        count += length
        needsComma = true
    }

    /// An integer, or null for nil.
    public mutating func value(_ value: Int?) { self.value(value.map { Int64($0) }) }

    /// A truth value, or null for nil.
    public mutating func value(_ value: Bool?) {
        switch value {
        case true?: raw("true")
        case false?: raw("false")
        case nil: raw("null")
        }
    }

    /// A number; null for nil and for what JSON cannot say.
    public mutating func value(_ value: Double?) {
        guard let value, value.isFinite else { return raw("null") }
        separate()
        escape("\(value)")
        needsComma = true
    }

    /// A tree.
    public mutating func value(_ value: JSONValue) {
        switch value {
        case .null: raw("null")
        case .bool(let bool): self.value(bool)
        case .integer(let integer): self.value(integer)
        case .number(let number): self.value(number)
        case .string(let text): self.value(text)
        case .array(let elements): array { for element in elements { $0.value(element) } }
        case .object(let object): self.object { for (name, member) in object { $0.field(name, member) } }
        }
    }

    /// Null.
    public mutating func null() { raw("null") }

    /// A string member, null for nil.
    public mutating func field(_ name: String, _ value: String?) {
        key(name)
        self.value(value)
    }
    /// A time member, null for nil.
    public mutating func field(_ name: String, _ value: Timestamp?, _ form: Timestamp.Form) {
        key(name)
        self.value(value, form)
    }
    /// An integer member, null for nil.
    public mutating func field(_ name: String, _ value: Int64?) {
        key(name)
        self.value(value)
    }
    /// An integer member, null for nil.
    public mutating func field(_ name: String, _ value: Int?) {
        key(name)
        self.value(value)
    }
    /// A truth value member, null for nil.
    public mutating func field(_ name: String, _ value: Bool?) {
        key(name)
        self.value(value)
    }
    /// A number member, null for nil.
    public mutating func field(_ name: String, _ value: Double?) {
        key(name)
        self.value(value)
    }
    /// A tree as a member.
    public mutating func field(_ name: String, _ value: JSONValue) {
        key(name)
        self.value(value)
    }
    /// An array of strings as a member.
    public mutating func field(_ name: String, _ values: [String]) {
        key(name)
        array { for value in values { $0.value(value) } }
    }
    /// An object as a member; the body writes its fields.
    public mutating func field(_ name: String, object body: (inout JSONWriter) throws -> Void) rethrows {
        key(name)
        try object(body)
    }
    /// An array as a member; the body writes its values.
    public mutating func field(_ name: String, array body: (inout JSONWriter) throws -> Void) rethrows {
        key(name)
        try array(body)
    }
    /// A null member.
    public mutating func null(_ name: String) {
        key(name)
        null()
    }

    /// A string, in one piece with what stands before and after it.
    private mutating func write(_ text: String, isName: Bool) {
        var text = text
        text.withUTF8 { utf8 in
            let target = room(utf8.count + 4)
            var at = 0
            if needsComma {
                target[at] = UInt8(ascii: ",")
                at += 1
            }
            target[at] = UInt8(ascii: "\"")
            at += 1
            if Self.copy(utf8, to: target + at) {
                at += utf8.count
                count += at
            } else {
                count += at
                for byte in utf8 { if Self.isSpecial(byte) { escape(byte) } else { append(byte) } }
            }
        }
        append(UInt8(ascii: "\""))
        if isName { append(UInt8(ascii: ":")) }
        needsComma = !isName
    }

    private mutating func escape(_ text: String) {
        var text = text
        text.withUTF8 { utf8 in
            if Self.copy(utf8, to: room(utf8.count)) {
                count += utf8.count
            } else {
                for byte in utf8 { if Self.isSpecial(byte) { escape(byte) } else { append(byte) } }
            }
        }
    }

    /// Copies text; false when a byte of it must be escaped.
    private static func copy(_ text: UnsafeBufferPointer<UInt8>, to target: UnsafeMutablePointer<UInt8>) -> Bool {
        guard let start = text.baseAddress else { return true }
        // Eight bytes at a time: most texts are short.
        var special: UInt64 = 0
        var at = 0
        while at + 8 <= text.count {
            let word = UnsafeRawPointer(start + at).loadUnaligned(as: UInt64.self)
            UnsafeMutableRawPointer(target + at).storeBytes(of: word, as: UInt64.self)
            special |= Self.special(in: word)
            at += 8
        }
        while at < text.count {
            target[at] = start[at]
            special |= isSpecial(start[at]) ? 1 : 0
            at += 1
        }
        return special == 0
    }

    /// Whether a string may hold the byte only escaped.
    @inline(__always)
    private static func isSpecial(_ byte: UInt8) -> Bool { byte < 0x20 || byte == 0x22 || byte == 0x5C }

    /// Other than zero when one of eight bytes is special: the usual way to find a zero byte, or one below a bound.
    @inline(__always)
    private static func special(in word: UInt64) -> UInt64 {
        let ones: UInt64 = 0x0101_0101_0101_0101
        let quote = word ^ (ones &* 0x22)
        let backslash = word ^ (ones &* 0x5C)
        let found = (word &- ones &* 0x20) & ~word | (quote &- ones) & ~quote | (backslash &- ones) & ~backslash
        return found & (ones &* 0x80)
    }

    private mutating func escape(_ byte: UInt8) {
        append(UInt8(ascii: "\\"))
        switch byte {
        case 0x22, 0x5C: append(byte)
        case 0x0A: append(UInt8(ascii: "n"))
        case 0x0D: append(UInt8(ascii: "r"))
        case 0x09: append(UInt8(ascii: "t"))
        default:
            for digit in "u00".utf8 { append(digit) }
            for nibble in [byte >> 4, byte & 0xF] {
                append(nibble < 10 ? UInt8(ascii: "0") + nibble : UInt8(ascii: "a") + nibble - 10)
            }
        }
    }
}
