import Glibc
import NovaCore

/// The assignments of one configuration file in oslo.config's INI form, in the order of the file.
///
/// Sections in brackets, `key = value` or `key: value`, comment lines that begin with `#` or `;`, indented lines that
/// continue the value above, values in quotes, keys that repeat. Nothing is substituted.
public struct IniFile: Sendable {
    /// One `key = value`.
    public struct Assignment: Sendable, Equatable {
        public var section: String
        public var name: String
        /// Continuation lines are joined by newlines.
        public var value: String
        /// The line of the key, from 1.
        public var line: Int
    }

    /// The name for messages.
    public let path: String
    public let assignments: [Assignment]

    /// Parses text.
    ///
    /// - Throws: `badRequest` that names file and line.
    public init(text: String, path: String) throws {
        var found: [Assignment] = []
        var section: String?
        var continues = false
        var number = 0
        for raw in text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline) {
            number += 1
            let line = Self.trimmed(raw)
            guard let first = line.first else {
                continues = false
                continue
            }
            if first == "#" || first == ";" { continue }
            if raw.first == " " || raw.first == "\t" {
                guard continues, let last = found.indices.last else {
                    throw Self.refusal(path, number, "an indented line continues a value, but there is none above")
                }
                found[last].value += (found[last].value.isEmpty ? "" : "\n") + line
                continue
            }
            if first == "[" {
                guard line.last == "]", line.count > 2 else {
                    throw Self.refusal(path, number, "a section is written as [name]")
                }
                section = Self.trimmed(line.dropFirst().dropLast())
                continues = false
                continue
            }
            guard let sign = line.firstIndex(where: { $0 == "=" || $0 == ":" }), sign > line.startIndex else {
                throw Self.refusal(path, number, "expected `name = value`")
            }
            guard let section else {
                throw Self.refusal(path, number, "an option stands before the first [section]")
            }
            let value = Self.unquoted(Self.trimmed(line[line.index(after: sign)...]))
            let name = Self.trimmed(line[..<sign])
            found.append(Assignment(section: section, name: name, value: value, line: number))
            continues = true
        }
        self.path = path
        assignments = found
    }

    /// Reads and parses a file of at most 1 MiB.
    public init(path: String) throws {
        guard let file = fopen(path, "re") else {
            let cause = String(cString: strerror(errno))
            throw NovaError(.badRequest, "Cannot read the configuration file \(path): \(cause).")
        }
        defer { fclose(file) }
        let limit = 1 << 20
        let bytes = [UInt8](unsafeUninitializedCapacity: limit + 1) { buffer, count in
            count = fread(buffer.baseAddress, 1, limit + 1, file)
        }
        guard ferror(file) == 0 else {
            throw NovaError(.badRequest, "Cannot read the configuration file \(path): it is no regular file.")
        }
        guard bytes.count <= limit else {
            throw NovaError(.badRequest, "The configuration file \(path) is larger than 1 MiB.")
        }
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw NovaError(.badRequest, "The configuration file \(path) is not UTF-8 text.")
        }
        try self.init(text: text, path: path)
    }

    private static func refusal(_ path: String, _ line: Int, _ cause: String) -> NovaError {
        NovaError(.badRequest, "\(path):\(line): \(cause).")
    }

    static func trimmed(_ text: some StringProtocol) -> String {
        var rest = text[...]
        while let first = rest.first, first.isWhitespace { rest = rest.dropFirst() }
        while let last = rest.last, last.isWhitespace { rest = rest.dropLast() }
        return String(rest)
    }

    private static func unquoted(_ text: String) -> String {
        guard text.count >= 2, let first = text.first, first == "\"" || first == "'", text.last == first else {
            return text
        }
        return String(text.dropFirst().dropLast())
    }
}
