/// Base64 in its two alphabets (RFC 4648), strict in what it reads: one text per byte string.
public enum Base64 {
    /// The standard alphabet, padded.
    public static func encode(_ bytes: [UInt8]) -> String { encode(bytes, standardAlphabet, padded: true) }

    /// The URL alphabet, without padding.
    public static func encodeURL(_ bytes: [UInt8]) -> String { encode(bytes, urlAlphabet, padded: false) }

    /// The bytes of padded text in the standard alphabet; nil for other text.
    ///
    /// - Parameter ignoringLineBreaks: whether CR and LF are skipped, as in PEM and MIME.
    public static func decode(_ text: some StringProtocol, ignoringLineBreaks: Bool = false) -> [UInt8]? {
        var characters = Array(text.utf8)
        if ignoringLineBreaks { characters.removeAll { $0 == 10 || $0 == 13 } }
        guard characters.count.isMultiple(of: 4) else { return nil }
        var padding = 0
        while padding < 2, characters.last == UInt8(ascii: "=") {
            characters.removeLast()
            padding += 1
        }
        return decode(characters[...], standardValues)
    }

    /// The bytes of unpadded text in the URL alphabet; nil for other text.
    public static func decodeURL(_ text: some StringProtocol) -> [UInt8]? { decode(Array(text.utf8)[...], urlValues) }

    private static let standardAlphabet = alphabet(ending: [UInt8(ascii: "+"), UInt8(ascii: "/")])
    private static let urlAlphabet = alphabet(ending: [UInt8(ascii: "-"), UInt8(ascii: "_")])
    private static let standardValues = values(standardAlphabet)
    private static let urlValues = values(urlAlphabet)

    private static func alphabet(ending last: [UInt8]) -> [UInt8] {
        Array(UInt8(ascii: "A")...UInt8(ascii: "Z")) + Array(UInt8(ascii: "a")...UInt8(ascii: "z"))
            + Array(UInt8(ascii: "0")...UInt8(ascii: "9")) + last
    }

    private static func values(_ alphabet: [UInt8]) -> [UInt8] {
        var table = [UInt8](repeating: 0xFF, count: 256)
        for (value, character) in alphabet.enumerated() { table[Int(character)] = UInt8(value) }
        return table
    }

    private static func encode(_ bytes: [UInt8], _ alphabet: [UInt8], padded: Bool) -> String {
        String(unsafeUninitializedCapacity: (bytes.count + 2) / 3 * 4) { out in
            var at = 0
            var index = 0
            while index < bytes.count {
                let left = bytes.count - index
                var group = UInt32(bytes[index]) << 16
                if left > 1 { group |= UInt32(bytes[index + 1]) << 8 }
                if left > 2 { group |= UInt32(bytes[index + 2]) }
                let digits = min(left, 3) + 1
                for digit in 0..<digits {
                    out[at] = alphabet[Int(group >> UInt32(18 - 6 * digit) & 63)]
                    at += 1
                }
                if padded {
                    for _ in digits..<4 {
                        out[at] = UInt8(ascii: "=")
                        at += 1
                    }
                }
                index += 3
            }
            return at
        }
    }

    private static func decode(_ characters: ArraySlice<UInt8>, _ values: [UInt8]) -> [UInt8]? {
        guard characters.count % 4 != 1 else { return nil }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(characters.count * 3 / 4)
        var group: UInt32 = 0
        var bits = 0
        for character in characters {
            let value = values[Int(character)]
            guard value < 64 else { return nil }
            group = group << 6 | UInt32(value)
            bits += 6
            if bits >= 8 {
                bits -= 8
                bytes.append(UInt8(truncatingIfNeeded: group >> UInt32(bits)))
            }
        }
        // Bits beyond the last byte must be zero, else two texts would mean the same bytes.
        guard group & (1 << UInt32(bits) - 1) == 0 else { return nil }
        return bytes
    }
}
