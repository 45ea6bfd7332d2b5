import NovaCore

/// The part of YAML that clouds.yaml needs: nested maps of scalars, comments, quoted text.
///
/// Everything else (lists, anchors, flow collections, text blocks, tabs) is refused by line, never guessed.
struct CloudsFile {
    indirect enum Node: Equatable {
        case scalar(String)
        case map([String: Node])

        subscript(_ key: String) -> Node? { if case .map(let members) = self { members[key] } else { nil } }
        var text: String? { if case .scalar(let text) = self { text } else { nil } }
    }
    private struct Line {
        let number: Int
        let indent: Int
        let key: String
        /// Nil when the value is a map on the lines below.
        let value: String?
    }

    let root: Node
    private let path: String

    /// Parses text.
    ///
    /// - Throws: `badRequest` that names file and line.
    init(text: String, path: String) throws {
        self.path = path
        var lines: [Line] = []
        for (index, raw) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
            if let line = try Self.line(raw.last == "\r" ? raw.dropLast() : raw, index + 1, path) { lines.append(line) }
        }
        var rest = lines[...]
        root = try Self.map(&rest, indent: 0, path)
        if let extra = rest.first { throw Self.refusal(path, extra.number, "the indentation fits nothing above") }
    }

    /// The settings of a cloud.
    func cloud(_ name: String) throws -> Node {
        guard let clouds = root["clouds"], case .map(let members) = clouds else {
            throw NovaError(.badRequest, "\(path) has no map \"clouds\".")
        }
        guard let found = members[name] else {
            let names = members.keys.sorted().joined(separator: ", ")
            throw NovaError(.badRequest, "\(path) has no cloud \"\(name)\"; it has \(names.isEmpty ? "none" : names).")
        }
        return found
    }

    private static func map(_ rest: inout ArraySlice<Line>, indent: Int, _ path: String) throws -> Node {
        var members: [String: Node] = [:]
        while let line = rest.first, line.indent == indent {
            rest.removeFirst()
            guard members[line.key] == nil else { throw refusal(path, line.number, "\(line.key) stands here twice") }
            if let value = line.value {
                members[line.key] = .scalar(value)
            } else if let next = rest.first, next.indent > indent {
                members[line.key] = try map(&rest, indent: next.indent, path)
            } else {
                members[line.key] = .scalar("")
            }
        }
        return .map(members)
    }

    private static func line(_ raw: Substring, _ number: Int, _ path: String) throws -> Line? {
        let body = raw.drop { $0 == " " }
        guard let first = body.first, first != "#", raw != "---" else { return nil }
        if body.allSatisfy({ $0 == " " || $0 == "\t" }) { return nil }
        guard first != "\t" else { throw refusal(path, number, "tabs cannot indent") }
        guard first != "-" else { throw refusal(path, number, "lists are not supported") }
        guard let colon = body.firstIndex(of: ":") else { throw refusal(path, number, "expected `key: value`") }
        let key = unquoted(body[..<colon])
        let after = body[body.index(after: colon)...]
        guard !key.isEmpty, after.isEmpty || after.first == " " else {
            throw refusal(path, number, "expected `key: value`")
        }
        let indent = raw.count - body.count
        let value = try scalar(after.drop { $0 == " " }, number, path)
        return Line(number: number, indent: indent, key: key, value: value)
    }

    private static func scalar(_ text: Substring, _ number: Int, _ path: String) throws -> String? {
        guard let first = text.first, first != "#" else { return nil }
        if first == "\"" || first == "'" {
            guard let end = text.dropFirst().firstIndex(of: first) else {
                throw refusal(path, number, "the quote does not end on its line")
            }
            let rest = text[text.index(after: end)...].drop { $0 == " " }
            guard rest.isEmpty || rest.first == "#" else { throw refusal(path, number, "text after the quote") }
            let inside = text[text.index(after: text.startIndex)..<end]
            guard first == "'" || !inside.contains("\\") else {
                throw refusal(path, number, "escapes are not supported; use single quotes")
            }
            return String(inside)
        }
        guard !"[{&*!|>%@`".contains(first) else {
            throw refusal(path, number, "only plain values are supported; put this one in quotes")
        }
        var value = text
        if let comment = value.firstRange(of: " #") { value = value[..<comment.lowerBound] }
        while value.last == " " { value = value.dropLast() }
        return String(value)
    }

    private static func unquoted(_ text: Substring) -> String {
        guard let first = text.first, first == "\"" || first == "'", text.last == first, text.count > 1 else {
            return String(text)
        }
        return String(text.dropFirst().dropLast())
    }

    private static func refusal(_ path: String, _ line: Int, _ cause: String) -> NovaError {
        NovaError(.badRequest, "\(path):\(line): \(cause).")
    }
}
