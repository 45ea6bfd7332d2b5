import NovaWire
import NovaSchema

/// Keystone's filters of collections: `?name=x` and `?name__contains=x`.
///
/// Unknown attributes filter nothing.
struct ListFilter: Sendable {
    private struct Condition: Sendable {
        var attribute: String
        var comparison: String
        var value: String
    }
    private let conditions: [Condition]

    init(_ query: [(name: String, value: String)]) {
        conditions = query.map { name, value in
            let parts = name.split(separator: "_", omittingEmptySubsequences: false)
            guard parts.count >= 3, parts[parts.count - 2].isEmpty, let comparison = parts.last else {
                return Condition(attribute: name, comparison: "equals", value: value)
            }
            return Condition(
                attribute: parts.dropLast(2).joined(separator: "_"), comparison: String(comparison), value: value)
        }
    }

    /// Whether a body passes all filters.
    func matches(_ body: JSONValue) -> Bool { conditions.allSatisfy { Self.passes($0, body) } }

    private static func passes(_ condition: Condition, _ body: JSONValue) -> Bool {
        guard let value = body[condition.attribute] else { return true }
        switch value {
        case .bool(let flag):
            // `?enabled` alone and any word that is not a denial mean true.
            return flag == !["false", "0", "no", "off"].contains(condition.value.lowercased())
        case .string(let text): return compare(text, condition)
        case .integer(let number): return String(number) == condition.value
        case .array(let elements): return elements.contains { $0.stringValue == condition.value }
        case .null: return condition.value.isEmpty
        default: return true
        }
    }

    private static func compare(_ text: String, _ condition: Condition) -> Bool {
        let (small, wanted) = (text.lowercased(), condition.value.lowercased())
        switch condition.comparison {
        case "equals": return text == condition.value
        case "iexact": return small == wanted
        case "contains": return condition.value.isEmpty || text.contains(condition.value)
        case "icontains": return wanted.isEmpty || small.contains(wanted)
        case "startswith": return text.hasPrefix(condition.value)
        case "istartswith": return small.hasPrefix(wanted)
        case "endswith": return text.hasSuffix(condition.value)
        case "iendswith": return small.hasSuffix(wanted)
        default: return true
        }
    }
}
