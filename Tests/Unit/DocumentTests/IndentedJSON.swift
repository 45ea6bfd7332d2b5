import NovaSchema

extension JSONValue {
    /// The value for people: what fits into a line is one.
    func indented(width: Int = 110, indent: String = "") -> String {
        let compact = spaced
        if indent.utf8.count + compact.utf8.count <= width { return compact }
        let inner = indent + "  "
        switch self {
        case .array(let elements):
            let lines = elements.map { inner + $0.indented(width: width, indent: inner) }
            return "[\n\(lines.joined(separator: ",\n"))\n\(indent)]"
        case .object(let object):
            let lines = object.map { name, value in
                "\(inner)\(JSONValue.string(name).text): \(value.indented(width: width, indent: inner))"
            }
            return "{\n\(lines.joined(separator: ",\n"))\n\(indent)}"
        default: return compact
        }
    }

    private var spaced: String {
        switch self {
        case .array(let elements): "[\(elements.map(\.spaced).joined(separator: ", "))]"
        case .object(let object):
            "{\(object.map { "\(JSONValue.string($0.key).text): \($0.value.spaced)" }.joined(separator: ", "))}"
        default: text
        }
    }
}
