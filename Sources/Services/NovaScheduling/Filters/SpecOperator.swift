/// The comparison language of flavors' extra specs: `>= 4`, `s== text`, `<in> text`, `<or> a <or> b`, `<all-in> a b`.
enum SpecOperator {
    /// Whether a host's value fulfils a requirement; without an operator both texts must be equal.
    static func matches(_ value: String, _ requirement: String) -> Bool {
        let words = requirement.split(separator: " ").map(String.init)
        guard let sign = words.first else { return value.isEmpty }
        let rest = Array(words.dropFirst())
        switch sign {
        case "=", "==", "!=", ">=", "<=": return number(value, sign, rest.first)
        case "s==", "s!=", "s<", "s<=", "s>", "s>=": return text(value, sign, rest.first)
        case "<in>": return rest.first.map { contains(value, $0) } ?? false
        case "<all-in>": return !rest.isEmpty && rest.allSatisfy { contains(value, $0) }
        case "<or>": return rest.filter { $0 != "<or>" }.contains(value)
        default: return value == requirement
        }
    }

    private static func number(_ value: String, _ sign: String, _ wanted: String?) -> Bool {
        guard let have = Double(value), let wanted, let want = Double(wanted) else { return false }
        switch sign {
        case "==": return have == want
        case "!=": return have != want
        case "<=": return have <= want
        default: return have >= want
        }
    }

    private static func text(_ value: String, _ sign: String, _ wanted: String?) -> Bool {
        guard let wanted else { return false }
        switch sign {
        case "s==": return value == wanted
        case "s!=": return value != wanted
        case "s<": return value < wanted
        case "s<=": return value <= wanted
        case "s>": return value > wanted
        default: return value >= wanted
        }
    }

    private static func contains(_ value: String, _ part: String) -> Bool {
        var rest = value[...]
        while !rest.isEmpty {
            if rest.hasPrefix(part) { return true }
            rest = rest.dropFirst()
        }
        return part.isEmpty
    }
}
