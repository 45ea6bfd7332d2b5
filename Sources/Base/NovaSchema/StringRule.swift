/// What the characters of a string must be, with the text that a violation shows.
public struct StringRule: Sendable {
    /// How a violation reads.
    public enum Wording: Sendable {
        /// `'x' does not match '<pattern>'`
        case pattern(String)
        /// `'x' is not a '<format>'`
        case format(String)
        /// A text of its own, without the field before it (as Nova does for names).
        case message(String)
    }

    let wording: Wording
    /// The ECMAScript expression (with Unicode) of what the rule accepts, for published schemas; nil for a format.
    let pattern: String?
    let accepts: @Sendable (String) -> Bool

    /// A rule that accepts what the predicate does.
    ///
    /// - Parameter pattern: an expression of the same for documents; a pattern of the wording is it already.
    public init(_ wording: Wording, pattern: String? = nil, _ accepts: @escaping @Sendable (String) -> Bool) {
        self.wording = wording
        self.accepts = accepts
        if case .pattern(let shown) = wording { self.pattern = pattern ?? shown } else { self.pattern = pattern }
    }

    /// Strings whose every character is in the set; `pattern` says the same and is shown.
    public static func characters(_ pattern: String, _ accepts: @escaping @Sendable (Unicode.Scalar) -> Bool)
        -> StringRule
    {
        StringRule(.pattern(pattern)) { $0.unicodeScalars.allSatisfy(accepts) }
    }

    /// A UUID with or without hyphens.
    public static let uuid = StringRule(.format("uuid"), pattern: "^(?=.{32,36}$)(?:-*[0-9a-fA-F]){32}-*$") {
        text in
        let digits = text.utf8.filter { $0 != UInt8(ascii: "-") }
        return digits.count == 32 && text.utf8.count <= 36
            && digits.allSatisfy { (48...57).contains($0) || (97...102).contains($0 | 0x20) }
    }

    /// Names as Nova takes them: printable, no space at either end.
    public static let name = StringRule(
        .message(
            "An invalid 'name' value was provided. The name must be: printable characters. "
                + "Can not start or end with whitespace."),
        pattern: "^(?!\\p{White_Space})[^\\p{C}\\p{Zl}\\p{Zp}]+(?<!\\p{White_Space})$"
    ) { text in
        guard let first = text.unicodeScalars.first, let last = text.unicodeScalars.last else { return false }
        return !first.properties.isWhitespace && !last.properties.isWhitespace && isPrintable(text)
    }

    /// Names as Nova takes them before microversion 2.1: printable, spaces at the ends allowed, not only spaces.
    public static let spacedName = StringRule(
        .message(
            "An invalid 'name' value was provided. The name must be: printable characters with at least one non space "
                + "character."),
        pattern: "^(?=[\\s\\S]*\\P{White_Space})[^\\p{C}\\p{Zl}\\p{Zp}]*$"
    ) { text in text.unicodeScalars.contains { !$0.properties.isWhitespace } && isPrintable(text) }

    /// An ISO 8601 date and time.
    public static let dateTime = StringRule(.format("date-time")) { text in text.utf8.count >= 10 && text.contains("-")
    }

    /// Standard Base64 text; line breaks are allowed.
    public static let base64 = StringRule(
        .format("base64"),
        pattern: "^[\\r\\n]*(?:(?:[A-Za-z0-9+/][\\r\\n]*){4})*"
            + "(?:(?:[A-Za-z0-9+/][\\r\\n]*){2}(?:=[\\r\\n]*){2}|(?:[A-Za-z0-9+/][\\r\\n]*){3}=[\\r\\n]*)?$"
    ) { text in
        var count = 0
        var padding = 0
        for byte in text.utf8 {
            switch byte {
            case 0x0A, 0x0D: continue
            case UInt8(ascii: "="): padding += 1
            case UInt8(ascii: "+"), UInt8(ascii: "/"), UInt8(ascii: "0")...UInt8(ascii: "9"),
                UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "a")...UInt8(ascii: "z"):
                guard padding == 0 else { return false }
            default: return false
            }
            count += 1
        }
        return count.isMultiple(of: 4) && padding <= 2
    }

    private static func isPrintable(_ text: String) -> Bool {
        text.unicodeScalars.allSatisfy { scalar in
            switch scalar.properties.generalCategory {
            case .control, .format, .surrogate, .unassigned, .lineSeparator, .paragraphSeparator, .privateUse: false
            default: true
            }
        }
    }
}
