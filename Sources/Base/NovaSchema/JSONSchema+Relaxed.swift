extension JSONSchema {
    /// A body as the API before microversions took it: without the members that the schema does not know, and names
    /// without the spaces at their ends.
    ///
    /// What else is wrong with it stays, for ``validate(_:)`` to say.
    public func relaxed(_ value: JSONValue) -> JSONValue {
        switch (rule, value) {
        case (.object(let properties, _, let additional, _, _), .object(let object)):
            return .object(
                JSONObject(
                    object.lazy.compactMap { name, value in
                        if let schema = properties[name] ?? additional { (name, schema.relaxed(value)) } else { nil }
                    }))
        case (.dictionary(_, let values, _, _), .object(let object)):
            return .object(JSONObject(object.lazy.map { ($0.key, values.relaxed($0.value)) }))
        case (.array(let items, _, _, _), .array(let elements)): return .array(elements.map(items.relaxed))
        case (.string(_, _, let rule?), .string(let text)) where rule.isName: return .string(Self.trimmed(text))
        case (.nullable(let schema), _): return value.isNull ? value : schema.relaxed(value)
        case (.anyOf(let schemas), _):
            return schemas.lazy.map { $0.relaxed(value) }.first { violation(in: $0) == nil } ?? value
        default: return value
        }
    }

    /// Query parameters without those that the schema does not know.
    public func relaxed(query: [(name: String, value: String)]) -> [(name: String, value: String)] {
        guard case .object(let properties, _, nil, _, _) = rule else { return query }
        return query.filter { properties[$0.name] != nil }
    }

    private static func trimmed(_ text: String) -> String {
        var rest = text.unicodeScalars[...]
        while let first = rest.first, first.properties.isWhitespace { rest.removeFirst() }
        while let last = rest.last, last.properties.isWhitespace { rest.removeLast() }
        return String(rest)
    }
}
