import NovaSchema

/// Rows under headings, as people read them.
struct Table {
    private let headings: [String]
    private var rows: [[String]] = []

    init(_ headings: [String]) { self.headings = headings }

    mutating func add(_ cells: [String]) { rows.append(cells) }

    /// The table; columns are as wide as their widest cell, those of numbers stand on the right.
    var text: String {
        guard !rows.isEmpty else { return headings.joined(separator: "  ") + "\n(none)\n" }
        let widths = headings.indices.map { column in
            ([headings] + rows).map { column < $0.count ? $0[column].count : 0 }.max() ?? 0
        }
        let numeric = headings.indices.map { column in
            let cells = rows.compactMap { column < $0.count ? $0[column] : nil }
            return cells.contains { Self.isNumber($0) } && cells.allSatisfy { Self.isNumber($0) || $0 == "-" }
        }
        func line(_ cells: [String]) -> String {
            var line = ""
            for (column, width) in widths.enumerated() {
                let cell = column < cells.count ? cells[column] : ""
                let space = String(repeating: " ", count: width - cell.count)
                if numeric[column] { line += space }
                line += cell
                if column + 1 < widths.count { line += (numeric[column] ? "" : space) + "  " }
            }
            return line
        }
        let rule = widths.map { String(repeating: "-", count: $0) }
        return ([headings, rule] + rows).map { line($0) + "\n" }.joined()
    }

    /// Digits, perhaps with a fraction or "of" a total; no addresses and versions.
    private static func isNumber(_ cell: String) -> Bool {
        let parts = cell.replacing(" of ", with: "/").split(separator: "/", omittingEmptySubsequences: false)
        return parts.allSatisfy { part in
            !part.isEmpty && part.allSatisfy { $0.isASCII && $0.isNumber || $0 == "." } && part.count { $0 == "." } < 2
        }
    }
}

extension JSONValue {
    /// The value as a cell: text as it is, maps and lists on one line.
    var cell: String {
        switch self {
        case .null: return "-"
        case .bool(let value): return value ? "yes" : "no"
        case .integer(let value): return String(value)
        case .number(let value): return String(value)
        case .string(let value) where value.isEmpty: return "-"
        case .string(let value): return value.replacing("\n", with: " ")
        case .array(let values) where values.isEmpty: return "-"
        case .object(let members) where members.isEmpty: return "-"
        case .array(let values): return values.map(\.cell).joined(separator: ", ")
        case .object(let members):
            return members.filter { $0.key != "links" }.map { "\($0.key)=\($0.value.cell)" }.joined(separator: " ")
        }
    }
}
