import NovaSchema

/// Rows under headings, as people read them.
struct Table {
    private let headings: [String]
    private var rows: [[String]] = []

    init(_ headings: [String]) { self.headings = headings }

    mutating func add(_ cells: [String]) { rows.append(cells) }

    /// The table; columns are as wide as their widest cell.
    var text: String {
        let widths = headings.indices.map { column in
            ([headings] + rows).map { column < $0.count ? $0[column].count : 0 }.max() ?? 0
        }
        func line(_ cells: [String]) -> String {
            var line = ""
            for (column, width) in widths.enumerated() {
                let cell = column < cells.count ? cells[column] : ""
                line += cell
                if column + 1 < widths.count { line += String(repeating: " ", count: width - cell.count + 2) }
            }
            return line
        }
        let rule = widths.map { String(repeating: "-", count: $0) }
        return ([headings, rule] + rows).map { line($0) + "\n" }.joined()
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
        case .string(let value): return value.replacing("\n", with: " ")
        case .array(let values): return values.map(\.cell).joined(separator: ", ")
        case .object(let members): return members.map { "\($0.key)=\($0.value.cell)" }.joined(separator: " ")
        }
    }

    /// The value as indented lines: maps by member, lists by element.
    func outline(_ indent: Int = 0) -> String {
        let space = String(repeating: "  ", count: indent)
        switch self {
        case .object(let members):
            return members.map { member in
                member.value.isNested
                    ? "\(space)\(member.key):\n\(member.value.outline(indent + 1))"
                    : "\(space)\(member.key): \(member.value.cell)\n"
            }.joined()
        case .array(let values):
            return values.map { $0.isNested ? "\(space)-\n\($0.outline(indent + 1))" : "\(space)- \($0.cell)\n" }
                .joined()
        default: return "\(space)\(cell)\n"
        }
    }

    private var isNested: Bool {
        switch self {
        case .object(let members): !members.isEmpty
        case .array(let values): !values.isEmpty
        default: false
        }
    }
}
