/// Our SQL in PostgreSQL's words: `$1` for `?` and `?1`, and the types of its schemas.
struct PostgreSQLText {
    /// A piece of SQL; literals, quoted names and comments are never changed.
    private enum Token: Equatable {
        case word(String)
        case placeholder(Int?)
        case other(String)
    }

    /// The statement, and how many values it takes.
    static func statement(_ sql: String) -> (text: String, parameters: Int) {
        var text = ""
        var highest = 0
        for token in tokens(sql) {
            switch token {
            case .word(let part), .other(let part): text += part
            case .placeholder(let number):
                // As SQLite counts: a bare mark is one more than the highest so far.
                let position = number ?? highest + 1
                highest = max(highest, position)
                text += "$\(position)"
            }
        }
        return (text, highest)
    }

    /// The SQL of a schema: 64-bit integers, texts compared byte by byte as SQLite does, no words that only SQLite has.
    static func schema(_ sql: String) -> String {
        var words = tokens(sql)
        var index = 0
        while index < words.count {
            guard case .word(let word) = words[index] else {
                index += 1
                continue
            }
            switch word.uppercased() {
            case "BLOB": words[index] = .word("BYTEA")
            case "INTEGER": words[index] = .word("BIGINT")
            case "REAL": words[index] = .word("DOUBLE PRECISION")
            case "TEXT": words[index] = .word("TEXT COLLATE \"C\"")
            case "AUTOINCREMENT": words[index] = .word("")
            case "STRICT" where closesTable(words, index), "WITHOUT" where closesTable(words, index):
                // STRICT, WITHOUT ROWID: up to the statement's end
                while index < words.count, words[index] != .other(";") {
                    words[index] = .word("")
                    index += 1
                }
                continue
            default: break
            }
            index += 1
        }
        return words.map { token in
            switch token {
            case .word(let part), .other(let part): part
            case .placeholder: "?"
            }
        }.joined()
    }

    /// Whether the last thing before a word is the bracket that ends a table's columns.
    private static func closesTable(_ tokens: [Token], _ index: Int) -> Bool {
        for token in tokens[..<index].reversed() {
            switch token {
            case .other(let text) where text.allSatisfy(\.isWhitespace) || text.hasPrefix("--"): continue
            case .other(let text): return text == ")"
            default: return false
            }
        }
        return false
    }

    private static func tokens(_ sql: String) -> [Token] {
        let bytes = Array(sql.utf8)
        var result: [Token] = []
        var at = 0
        func text(_ range: Range<Int>) -> String { String(decoding: bytes[range], as: UTF8.self) }
        /// The index behind the first place at which `end` stands, from an index on.
        func after(_ end: [UInt8], from start: Int) -> Int {
            var index = start
            while index + end.count <= bytes.count {
                if bytes[index..<index + end.count].elementsEqual(end) { return index + end.count }
                index += 1
            }
            return bytes.count
        }
        func isWord(_ byte: UInt8) -> Bool {
            byte == 95 || byte >= 128 || (48...57).contains(byte) || (65...90).contains(byte)
                || (97...122).contains(byte)
        }
        while at < bytes.count {
            let start = at
            switch bytes[at] {
            case UInt8(ascii: "'"), UInt8(ascii: "\""):
                // A doubled quote ends one piece and begins the next: together they are the same text.
                at = after([bytes[at]], from: at + 1)
                result.append(.other(text(start..<at)))
            case UInt8(ascii: "-") where bytes[at...].starts(with: Array("--".utf8)):
                at = after([10], from: at)
                result.append(.other(text(start..<at)))
            case UInt8(ascii: "/") where bytes[at...].starts(with: Array("/*".utf8)):
                at = after(Array("*/".utf8), from: at + 2)
                result.append(.other(text(start..<at)))
            case UInt8(ascii: "$") where bytes[at...].starts(with: Array("$$".utf8)):
                at = after(Array("$$".utf8), from: at + 2)
                result.append(.other(text(start..<at)))
            case UInt8(ascii: "?"):
                at += 1
                while at < bytes.count, (48...57).contains(bytes[at]) { at += 1 }
                result.append(.placeholder(Int(text(start + 1..<at))))
            case let byte where isWord(byte):
                while at < bytes.count, isWord(bytes[at]) { at += 1 }
                result.append(.word(text(start..<at)))
            default:
                at += 1
                result.append(.other(text(start..<at)))
            }
        }
        return result
    }
}
