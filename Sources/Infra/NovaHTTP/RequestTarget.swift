import NovaCore

/// The path and query of a request line.
struct RequestTarget {
    let path: String
    /// Decoded, empty ones dropped.
    let segments: [String]
    let query: [(name: String, value: String)]

    /// Parses a target.
    ///
    /// - Throws: ``NovaError`` `badRequest` for escapes that are none or not UTF-8.
    init(_ text: String) throws {
        let parts = text.utf8.split(separator: UInt8(ascii: "?"), maxSplits: 1, omittingEmptySubsequences: false)
        path = parts.first.map { String(Substring($0)) } ?? ""
        segments = try path.utf8.split(separator: UInt8(ascii: "/")).map { try Self.decode($0, plusIsSpace: false) }
        guard parts.count == 2 else {
            query = []
            return
        }
        query = try parts[1].split(separator: UInt8(ascii: "&")).map { pair in
            let sides = pair.split(separator: UInt8(ascii: "="), maxSplits: 1, omittingEmptySubsequences: false)
            return (
                try Self.decode(sides[0], plusIsSpace: true),
                sides.count == 2 ? try Self.decode(sides[1], plusIsSpace: true) : ""
            )
        }
    }

    private static func decode(_ text: Substring.UTF8View, plusIsSpace: Bool) throws -> String {
        if !text.contains(where: { $0 == UInt8(ascii: "%") || $0 == UInt8(ascii: "+") }) {
            return String(Substring(text))
        }
        var bytes: [UInt8] = []
        var rest = text
        while let byte = rest.popFirst() {
            switch byte {
            case UInt8(ascii: "%"):
                guard let high = rest.popFirst().flatMap(Hex.value(of:)),
                    let low = rest.popFirst().flatMap(Hex.value(of:))
                else { throw NovaError(.badRequest, "The URL has a malformed escape.") }
                bytes.append(high << 4 | low)
            case UInt8(ascii: "+") where plusIsSpace: bytes.append(UInt8(ascii: " "))
            default: bytes.append(byte)
            }
        }
        guard let decoded = String(validating: bytes, as: UTF8.self), !decoded.utf8.contains(0) else {
            throw NovaError(.badRequest, "The URL is not valid UTF-8.")
        }
        return decoded
    }
}
