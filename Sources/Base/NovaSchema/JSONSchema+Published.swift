extension JSONSchema {
    /// The schema in the words of JSON Schema 2020-12, as documents show it to clients.
    ///
    /// It accepts what ``validate(_:)`` accepts, with one difference that those words cannot express: here a number with
    /// a fraction of zero (`1.0`) is no integer, as in Nova.
    public var published: JSONValue {
        switch rule {
        case .any: return [:]
        case .null: return ["type": "null"]
        case .boolean(strict: true): return ["type": "boolean"]
        case .boolean(strict: false): return ["enum": .array(BooleanWords.all)]
        case .integer(let min, let max, let strict):
            let integer = Self.bounded("integer", min.map { .integer($0) }, max.map { .integer($0) })
            let text = DecimalPattern(minimum: min, maximum: max).text
            return strict
                ? integer : ["anyOf": .array([integer, ["type": "string", "pattern": .string(text)]])]
        case .number(let min, let max):
            return Self.bounded("number", min.map { .number($0) }, max.map { .number($0) })
        case .string(let min, let max, let rule):
            var object: JSONObject = ["type": "string"]
            if min > 0 { object["minLength"] = JSONValue(min) }
            if let max { object["maxLength"] = JSONValue(max) }
            for (name, value) in rule?.published ?? [:] { object[name] = value }
            return .object(object)
        case .enumeration(let values): return ["enum": .array(values)]
        case .array(let items, let min, let max, let unique):
            var object: JSONObject = ["type": "array", "items": items.published]
            if min > 0 { object["minItems"] = JSONValue(min) }
            if let max { object["maxItems"] = JSONValue(max) }
            if unique { object["uniqueItems"] = true }
            return .object(object)
        case .object(let properties, let required, let additional, let min, let max):
            var object: JSONObject = ["type": "object"]
            if !properties.isEmpty {
                let members = properties.sorted { $0.key < $1.key }.map { ($0.key, $0.value.published) }
                object["properties"] = .object(JSONObject(members))
            }
            if !required.isEmpty { object["required"] = JSONValue(required) }
            object["additionalProperties"] = additional?.published ?? false
            Self.count(min, max, in: &object)
            return .object(object)
        case .dictionary(let keys, let values, let min, let max):
            var object: JSONObject = [
                "type": "object", "propertyNames": .object(keys.published), "additionalProperties": values.published,
            ]
            Self.count(min, max, in: &object)
            return .object(object)
        case .anyOf(let schemas): return ["anyOf": .array(schemas.map(\.published))]
        case .nullable(let schema): return ["anyOf": .array([schema.published, ["type": "null"]])]
        }
    }

    private static func bounded(_ type: String, _ min: JSONValue?, _ max: JSONValue?) -> JSONValue {
        var object: JSONObject = ["type": .string(type)]
        if let min { object["minimum"] = min }
        if let max { object["maximum"] = max }
        return .object(object)
    }

    private static func count(_ min: Int, _ max: Int?, in object: inout JSONObject) {
        if min > 0 { object["minProperties"] = JSONValue(min) }
        if let max { object["maxProperties"] = JSONValue(max) }
    }
}

extension StringRule {
    /// The rule in the words of JSON Schema: what it means exactly where an expression can say it, else a format's name.
    var published: JSONObject {
        if let pattern { return ["pattern": .string(pattern)] }
        if case .format(let name) = wording { return ["format": .string(name)] }
        return [:]
    }
}
