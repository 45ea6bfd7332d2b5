import NovaCore
import NovaSchema

/// The text of a policy file: JSON, or the YAML that such files are written in.
enum PolicyFile {
    /// The rules of a file by name.
    ///
    /// - Throws: ``NovaError`` `badRequest` naming the rule or the line.
    static func rules(_ text: String) throws -> [String: String] {
        let start = text.first { !$0.isWhitespace }
        guard start == "{" else { return try PolicyYAML.rules(text) }
        guard let object = try JSONValue.parse(text: text).objectValue else { return [:] }
        var rules: [String: String] = [:]
        for (name, value) in object { rules[name] = try check(value, of: name) }
        return rules
    }

    /// A check as text; the oldest files write lists of lists: any of, all of.
    private static func check(_ value: JSONValue, of name: String) throws -> String {
        let fault = NovaError(.badRequest, "The policy rule \(name) is neither a text nor a list.")
        if let text = value.stringValue { return text }
        guard let alternatives = value.arrayValue else { throw fault }
        if alternatives.isEmpty { return "@" }
        return try alternatives.map { alternative in
            if let text = alternative.stringValue { return text }
            guard let all = alternative.arrayValue, all.allSatisfy({ $0.stringValue != nil }) else { throw fault }
            return "(\(all.compactMap(\.stringValue).joined(separator: " and ")))"
        }.joined(separator: " or ")
    }
}

/// The part of YAML that policy files use: one mapping of names to texts, plain, quoted or folded over lines.
private enum PolicyYAML {
    static func rules(_ text: String) throws -> [String: String] {
        var rules: [String: String] = [:]
        for entry in try entries(text) {
            let (name, check) = try entry.rule()
            guard rules.updateValue(check, forKey: name) == nil else {
                throw NovaError(.badRequest, "The policy rule \(name) is there twice.", details: "line \(entry.line)")
            }
        }
        return rules
    }

    /// One entry of the mapping, its lines joined.
    private struct Entry {
        let line: Int
        var text: String

        func rule() throws -> (String, String) {
            var rest = text[...]
            guard let name = try scalar(&rest, endsAtColon: true), !name.isEmpty, rest.first == ":" else {
                throw fault("is no rule")
            }
            rest = rest.dropFirst().drop(while: \.isWhitespace)
            if let first = rest.first, first == ">" || first == "|" {
                // A block: its lines are already joined by spaces.
                rest = rest.drop { !$0.isWhitespace }.drop(while: \.isWhitespace)
                return (name, String(rest))
            }
            let check = try scalar(&rest, endsAtColon: false) ?? ""
            guard rest.isEmpty else { throw fault("has something after the rule") }
            return (name, check == "~" || check == "null" ? "" : check)
        }

        /// A quoted text, or plain text up to the colon that ends a key or to the end.
        private func scalar(_ rest: inout Substring, endsAtColon: Bool) throws -> String? {
            guard let quote = rest.first else { return nil }
            guard quote == "\"" || quote == "'" else {
                if ["[", "{", "&", "*", "!", "%", "@", "`", "-"].contains(quote), !Self.isCheck(rest) {
                    throw fault("needs quotes around its text")
                }
                let end =
                    endsAtColon
                    ? rest.indices.first {
                        rest[$0] == ":" && rest[$0...].dropFirst().first.map(\.isWhitespace) ?? true
                    } ?? rest.endIndex : rest.endIndex
                var plain = rest[..<end]
                while plain.last?.isWhitespace == true { plain.removeLast() }
                rest = rest[end...]
                return String(plain)
            }
            rest = rest.dropFirst()
            var result = ""
            while let character = rest.popFirst() {
                if character == quote {
                    // In single quotes a quote is written twice.
                    guard quote == "'", rest.first == "'" else {
                        rest = rest.drop(while: \.isWhitespace)
                        return result
                    }
                    rest = rest.dropFirst()
                }
                if quote == "\"", character == "\\", let escaped = rest.popFirst() {
                    result.append(escaped == "n" || escaped == "t" ? " " : escaped)
                } else {
                    result.append(character)
                }
            }
            throw fault("has no closing quote")
        }

        /// Whether unquoted text that starts with a sign is one of the two checks that are signs.
        private static func isCheck(_ text: Substring) -> Bool { text == "@" || text == "!" }

        private func fault(_ why: String) -> NovaError {
            NovaError(.badRequest, "Line \(line) of the policy file \(why).", details: text)
        }
    }

    /// The entries: a line that is indented goes on with the entry before it.
    private static func entries(_ text: String) throws -> [Entry] {
        var entries: [Entry] = []
        for (index, line) in text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline).enumerated() {
            var content = withoutComment(line)
            while content.last?.isWhitespace == true { content.removeLast() }
            let isContinued = content.first?.isWhitespace == true
            content = content.drop(while: \.isWhitespace)
            if content.isEmpty || content == "---" || content == "..." || content == "{}" { continue }
            if isContinued, let last = entries.indices.last {
                entries[last].text += " \(content)"
            } else {
                entries.append(Entry(line: index + 1, text: String(content)))
            }
        }
        return entries
    }

    /// The line up to a "#" that stands outside quotes, at the start or after a space.
    private static func withoutComment(_ line: Substring) -> Substring {
        var quote: Character?
        var previous: Character = " "
        for index in line.indices {
            let character = line[index]
            if let open = quote {
                if character == open { quote = nil }
            } else if character == "\"" || character == "'" {
                // A quote inside a word is part of it.
                if previous.isWhitespace || previous == ":" { quote = character }
            } else if character == "#", previous.isWhitespace {
                return line[..<index]
            }
            previous = character
        }
        return line
    }
}
