import Glibc

/// A universally unique identifier as 16 bytes (RFC 9562).
///
/// Kept as two machine words: comparing, hashing and sending one never touches the heap.
public struct UUID128: Hashable, Sendable, Comparable {
    public let high: UInt64
    public let low: UInt64

    /// The identifier made of the given words, most significant first.
    public init(high: UInt64, low: UInt64) {
        self.high = high
        self.low = low
    }

    /// A random (version 4) identifier of two random words.
    private init(random words: (UInt64, UInt64)) {
        high = (words.0 & 0xFFFF_FFFF_FFFF_0FFF) | 0x4000
        low = (words.1 & 0x3FFF_FFFF_FFFF_FFFF) | 0x8000_0000_0000_0000
    }

    /// A random (version 4) identifier from the given generator.
    public init(using generator: inout some RandomNumberGenerator) {
        self.init(random: (generator.next(), generator.next()))
    }

    /// A random (version 4) identifier from the system's generator.
    public static func random() -> UUID128 {
        // One question to the kernel; the generator would ask for each word.
        var words: (UInt64, UInt64) = (0, 0)
        if getentropy(&words, MemoryLayout.size(ofValue: words)) == 0 { return UUID128(random: words) }
        var generator = SystemRandomNumberGenerator()
        return UUID128(using: &generator)
    }

    /// An identifier that begins with a time (version 7): rows with such keys lie in the order of their making.
    ///
    /// Only to the millisecond; within one the order is random.
    public static func timeOrdered(at time: Timestamp) -> UUID128 {
        let rest = random()
        let milliseconds = UInt64(clamping: time.microseconds / 1000)
        return UUID128(high: milliseconds << 16 | 0x7000 | (rest.high & 0xFFF), low: rest.low)
    }

    /// Parses 32 hex digits, with the hyphens of the canonical form or with none.
    ///
    /// Returns nil for anything else: peers' text is never trusted to be an identifier.
    public init?(_ text: String) {
        var text = text
        guard let value = text.withUTF8(Self.parse) else { return nil }
        self = value
    }

    /// Parses a part of a text.
    public init?(_ text: Substring) { self.init(String(text)) }

    private static func parse(_ text: UnsafeBufferPointer<UInt8>) -> UUID128? {
        var words: (UInt64, UInt64) = (0, 0)
        var digits = 0
        var position = 0
        var hyphens = 0
        for byte in text {
            defer { position += 1 }
            if byte == UInt8(ascii: "-") {
                guard position == 8 || position == 13 || position == 18 || position == 23 else { return nil }
                hyphens += 1
                continue
            }
            guard let nibble = Hex.value(of: byte), digits < 32 else { return nil }
            if digits < 16 { words.0 = words.0 << 4 | UInt64(nibble) } else { words.1 = words.1 << 4 | UInt64(nibble) }
            digits += 1
        }
        guard digits == 32, hyphens == 0 || hyphens == 4 else { return nil }
        return UUID128(high: words.0, low: words.1)
    }

    public static func < (a: UUID128, b: UUID128) -> Bool { (a.high, a.low) < (b.high, b.low) }

    /// The 32 hex digits without hyphens, the form Keystone uses for its ids.
    public var hex: String { text(hyphens: false) }

    private func text(hyphens: Bool) -> String {
        String(unsafeUninitializedCapacity: 36) { buffer in
            var at = 0
            for digit in 0..<32 {
                if hyphens, digit == 8 || digit == 12 || digit == 16 || digit == 20 {
                    buffer[at] = UInt8(ascii: "-")
                    at += 1
                }
                let word = digit < 16 ? high : low
                buffer[at] = Hex.digit(UInt8(truncatingIfNeeded: word >> UInt64(60 - 4 * (digit % 16)) & 0xF))
                at += 1
            }
            return at
        }
    }
}

extension UUID128: CustomStringConvertible {
    /// The canonical lower-case form with hyphens.
    public var description: String { text(hyphens: true) }
}
