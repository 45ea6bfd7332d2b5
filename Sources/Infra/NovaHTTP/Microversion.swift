/// A version of an API that changes in small steps: "2.79".
public struct Microversion: Hashable, Comparable, Sendable, CustomStringConvertible {
    public var major: Int
    public var minor: Int

    public init(_ major: Int, _ minor: Int) {
        self.major = major
        self.minor = minor
    }

    /// Parses `N.M` without leading zeros; nil for other text.
    public init?(_ text: some StringProtocol) { self.init(Substring(text).utf8) }

    /// The same from the text's bytes.
    init?(_ text: Substring.UTF8View) {
        guard let point = text.firstIndex(of: UInt8(ascii: ".")), let major = Self.number(text[..<point]),
            let minor = Self.number(text[text.index(after: point)...]), major > 0
        else { return nil }
        self.init(major, minor)
    }

    private static func number(_ digits: Substring.UTF8View) -> Int? {
        guard (1...6).contains(digits.count), digits.first != UInt8(ascii: "0") || digits.count == 1 else { return nil }
        var value = 0
        for digit in digits {
            guard (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(digit) else { return nil }
            value = value * 10 + Int(digit - UInt8(ascii: "0"))
        }
        return value
    }

    public static func < (a: Self, b: Self) -> Bool { (a.major, a.minor) < (b.major, b.minor) }
    public var description: String { "\(major).\(minor)" }
}
