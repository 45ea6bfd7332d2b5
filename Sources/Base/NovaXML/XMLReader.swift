import NovaCore

/// Reads one XML document from untrusted bytes: strict, bounded, without document types and external entities.
///
/// Comments and processing instructions are skipped; namespaces stay as written.
public struct XMLReader {
    /// The largest accepted document in bytes.
    public static let maximumBytes = 4 * 1024 * 1024
    /// How deep elements may nest.
    public static let maximumDepth = 64

    private let bytes: [UInt8]
    private var at = 0

    private init(_ bytes: [UInt8]) { self.bytes = bytes }

    /// The root element of a document.
    ///
    /// - Throws: ``NovaError`` `malformed`, with the byte offset as details, for anything that is not well-formed.
    public static func parse(_ text: String) throws -> XMLElement { try parse(Array(text.utf8)) }

    /// The root element of a document.
    ///
    /// - Throws: ``NovaError`` `malformed`, with the byte offset as details, for anything that is not well-formed.
    public static func parse(_ bytes: [UInt8]) throws -> XMLElement {
        guard bytes.count <= maximumBytes else {
            throw NovaError(.malformed, "The XML document is too large.", details: "\(bytes.count) bytes")
        }
        guard String(validating: bytes, as: UTF8.self) != nil else {
            throw NovaError(.malformed, "The XML document is not UTF-8.")
        }
        var reader = XMLReader(bytes)
        try reader.skipMiscellany()
        let root = try reader.element(depth: 1)
        try reader.skipMiscellany()
        guard reader.at == bytes.count else { throw reader.error("text after the root element") }
        return root
    }

    /// Whether XML 1.0 may hold the character.
    static func isAllowed(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0x9, 0xA, 0xD, 0x20...0xD7FF, 0xE000...0xFFFD, 0x10000...0x10FFFF: true
        default: false
        }
    }

    private func error(_ cause: String) -> NovaError {
        NovaError(.malformed, "The XML document is not well-formed.", details: "\(cause) at byte \(at)")
    }

    private func startsWith(_ text: StaticString) -> Bool {
        guard at + text.utf8CodeUnitCount <= bytes.count else { return false }
        for offset in 0..<text.utf8CodeUnitCount where bytes[at + offset] != text.utf8Start[offset] { return false }
        return true
    }

    private mutating func expect(_ text: StaticString) throws {
        guard startsWith(text) else { throw error("expected \(text)") }
        at += text.utf8CodeUnitCount
    }

    private mutating func skip(past end: StaticString) throws {
        while !startsWith(end) {
            guard at < bytes.count else { throw error("expected \(end)") }
            at += 1
        }
        at += end.utf8CodeUnitCount
    }

    private mutating func skipSpace() {
        while at < bytes.count, Self.isSpace(bytes[at]) { at += 1 }
    }

    private mutating func skipMiscellany() throws {
        while true {
            skipSpace()
            if startsWith("<?") {
                try skip(past: "?>")
            } else if startsWith("<!--") {
                try skip(past: "-->")
            } else {
                return
            }
        }
    }

    private mutating func element(depth: Int) throws -> XMLElement {
        guard depth <= Self.maximumDepth else { throw error("elements nested too deep") }
        try expect("<")
        var element = XMLElement(try name())
        try attributes(of: &element)
        if startsWith("/>") {
            at += 2
            return element
        }
        try expect(">")
        try content(of: &element, depth: depth)
        try expect("</")
        guard try name() == element.name else { throw error("end tag of another element than \(element.name)") }
        skipSpace()
        try expect(">")
        return element
    }

    private mutating func attributes(of element: inout XMLElement) throws {
        while true {
            let start = at
            skipSpace()
            guard at < bytes.count else { throw error("unfinished tag") }
            if startsWith(">") || startsWith("/>") { return }
            guard at > start else { throw error("expected a space between attributes") }
            let key = try name()
            guard element[attribute: key] == nil else { throw error("attribute \(key) twice") }
            skipSpace()
            try expect("=")
            skipSpace()
            guard at < bytes.count, bytes[at] == UInt8(ascii: "\"") || bytes[at] == UInt8(ascii: "'") else {
                throw error("expected a quote")
            }
            let quote = bytes[at]
            at += 1
            let value = try text(until: quote)
            guard at < bytes.count, bytes[at] == quote else { throw error("expected the closing quote") }
            at += 1
            element.attributes.append(XMLAttribute(name: key, value: value))
        }
    }

    private mutating func content(of element: inout XMLElement, depth: Int) throws {
        var pending = ""
        func flush(_ element: inout XMLElement) {
            // Indentation between elements carries nothing.
            if pending.utf8.contains(where: { !Self.isSpace($0) }) { element.children.append(.text(pending)) }
            pending = ""
        }
        while true {
            guard at < bytes.count else { throw error("element \(element.name) is not closed") }
            if startsWith("</") {
                flush(&element)
                return
            } else if startsWith("<!--") {
                try skip(past: "-->")
            } else if startsWith("<![CDATA[") {
                at += 9
                let start = at
                try skip(past: "]]>")
                pending += String(decoding: bytes[start..<at - 3], as: UTF8.self)
            } else if startsWith("<?") {
                try skip(past: "?>")
            } else if startsWith("<") {
                flush(&element)
                element.append(try self.element(depth: depth + 1))
            } else {
                pending += try text(until: UInt8(ascii: "<"))
            }
        }
    }

    private mutating func text(until end: UInt8) throws -> String {
        var value: [UInt8] = []
        while at < bytes.count, bytes[at] != end {
            switch bytes[at] {
            case UInt8(ascii: "<"): throw error("< inside a value")
            case UInt8(ascii: "&"): value.append(contentsOf: try reference().utf8)
            case 0x9, 0xA, 0xD, 0x20...:
                value.append(bytes[at])
                at += 1
            default: throw error("control character")
            }
        }
        return String(decoding: value, as: UTF8.self)
    }

    private mutating func reference() throws -> String {
        guard let end = bytes[at...].prefix(12).firstIndex(of: UInt8(ascii: ";")) else {
            throw error("unfinished reference")
        }
        let word = String(decoding: bytes[at + 1..<end], as: UTF8.self)
        switch word {
        case "amp": at = end + 1; return "&"
        case "lt": at = end + 1; return "<"
        case "gt": at = end + 1; return ">"
        case "quot": at = end + 1; return "\""
        case "apos": at = end + 1; return "'"
        default: break
        }
        guard word.hasPrefix("#") else { throw error("unknown entity") }
        let number = word.hasPrefix("#x") ? UInt32(word.dropFirst(2), radix: 16) : UInt32(word.dropFirst())
        guard let number, let scalar = Unicode.Scalar(number), Self.isAllowed(scalar) else {
            throw error("bad character reference")
        }
        at = end + 1
        return String(Character(scalar))
    }

    private mutating func name() throws -> String {
        let start = at
        while at < bytes.count, Self.isNameByte(bytes[at], first: at == start) { at += 1 }
        guard at > start else { throw error("expected a name") }
        return String(decoding: bytes[start..<at], as: UTF8.self)
    }

    private static func isNameByte(_ byte: UInt8, first: Bool) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "_"),
            UInt8(ascii: ":"), 0x80...:
            true
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."): !first
        default: false
        }
    }

    private static func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x9 || byte == 0xA || byte == 0xD }
}
