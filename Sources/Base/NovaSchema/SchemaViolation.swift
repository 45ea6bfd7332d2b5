import NovaCore

/// How a value breaks a schema.
struct SchemaViolation {
    /// The name or index of the innermost value, nil for the top.
    var name: String?
    /// How deep that value lies.
    var depth: Int
    var value: JSONValue
    var text: String
    /// Whether the text stands alone.
    var standsAlone = false

    func error(place: String) -> NovaError {
        guard let name, !standsAlone else { return NovaError(.badRequest, text) }
        return NovaError(.badRequest, "Invalid input for \(place) \(name). Value: \(value.pythonString). \(text)")
    }
}

extension JSONSchema {
    /// The violation that lies least deep, nil when the value follows the schema.
    func violation(in value: JSONValue, name: String? = nil, depth: Int = 0) -> SchemaViolation? {
        func broken(_ text: String) -> SchemaViolation {
            SchemaViolation(name: name, depth: depth, value: value, text: text)
        }
        func wrongType(_ types: String) -> SchemaViolation { broken("\(value.pythonText) is not of type \(types)") }
        switch rule {
        case .any: return nil
        case .null: return value.isNull ? nil : wrongType("'null'")
        case .boolean(strict: true): return value.boolValue == nil ? wrongType("'boolean'") : nil
        case .boolean(strict: false):
            guard value.lenientBool == nil else { return nil }
            switch value {
            case .string:
                return broken(
                    "\(value.pythonText) is not one of \(JSONValue.array(BooleanWords.all).pythonText)")
            default: return wrongType("'boolean', 'string'")
            }
        case .integer(let min, let max, let strict):
            let number: Int64
            switch value {
            case .integer(let integer): number = integer
            case .string where !strict:
                guard let integer = value.lenientInteger else {
                    return broken("\(value.pythonText) does not match '^-?[0-9]+$'")
                }
                number = integer
            default: return wrongType(strict ? "'integer'" : "'integer', 'string'")
            }
            if let min, number < min { return broken("\(value.pythonText) is less than the minimum of \(min)") }
            if let max, number > max { return broken("\(value.pythonText) is greater than the maximum of \(max)") }
            return nil
        case .number(let min, let max):
            guard let number = value.doubleValue else { return wrongType("'number'") }
            if let min, number < min { return broken("\(value.pythonText) is less than the minimum of \(min)") }
            if let max, number > max { return broken("\(value.pythonText) is greater than the maximum of \(max)") }
            return nil
        case .string(let min, let max, let rule):
            guard case .string(let text) = value else { return wrongType("'string'") }
            let count = text.unicodeScalars.count
            if count < min { return broken("\(value.pythonText) \(min == 1 ? "should be non-empty" : "is too short")") }
            if let max, count > max { return broken("\(value.pythonText) is too long") }
            guard let rule, !rule.accepts(text) else { return nil }
            switch rule.wording {
            case .pattern(let pattern):
                return broken("\(value.pythonText) does not match \(JSONValue.string(pattern).pythonText)")
            case .format(let format): return broken("\(value.pythonText) is not a '\(format)'")
            case .message(let message):
                var violation = broken(message)
                violation.standsAlone = true
                return violation
            }
        case .enumeration(let values):
            return values.contains(value)
                ? nil : broken("\(value.pythonText) is not one of \(JSONValue.array(values).pythonText)")
        case .array(let items, let min, let max, let unique):
            guard case .array(let elements) = value else { return wrongType("'array'") }
            if elements.count < min {
                return broken("\(value.pythonText) \(min == 1 ? "should be non-empty" : "is too short")")
            }
            if let max, elements.count > max {
                return broken("\(value.pythonText) \(max == 0 ? "is expected to be empty" : "is too long")")
            }
            if unique, elements.indices.contains(where: { elements[..<$0].contains(elements[$0]) }) {
                return broken("\(value.pythonText) has non-unique elements")
            }
            return Self.leastDeep(
                elements.enumerated().lazy.map { ("\($0.offset)", $0.element, items) }, depth: depth + 1)
        case .object(let properties, let required, let additional, let min, let max):
            guard case .object(let object) = value else { return wrongType("'object'") }
            if let missing = required.first(where: { object[$0] == nil }) {
                return broken("\(JSONValue.string(missing).pythonText) is a required property")
            }
            if additional == nil {
                let others = object.keys.filter { properties[$0] == nil }.map { JSONValue.string($0).pythonText }
                if !others.isEmpty {
                    let verb = others.count == 1 ? "was" : "were"
                    return broken(
                        "Additional properties are not allowed (\(others.joined(separator: ", ")) \(verb) unexpected)")
                }
            }
            if let text = Self.countText(object, min: min, max: max) { return broken(text) }
            return Self.leastDeep(
                object.lazy.map { ($0.key, $0.value, properties[$0.key] ?? additional ?? .any) }, depth: depth + 1)
        case .dictionary(let keys, let values, let min, let max):
            guard case .object(let object) = value else { return wrongType("'object'") }
            if let key = object.keys.first(where: { !keys.accepts($0) }) {
                let shown = JSONValue.string(key).pythonText
                switch keys.wording {
                case .pattern(let pattern):
                    return broken("\(shown) does not match any of the regexes: \(JSONValue.string(pattern).pythonText)")
                case .format(let text), .message(let text): return broken("\(shown) is not a '\(text)'")
                }
            }
            if let text = Self.countText(object, min: min, max: max) { return broken(text) }
            return Self.leastDeep(object.lazy.map { ($0.key, $0.value, values) }, depth: depth + 1)
        case .anyOf(let schemas):
            var deepest: SchemaViolation?
            for schema in schemas {
                guard let violation = schema.violation(in: value, name: name, depth: depth) else { return nil }
                if violation.depth > (deepest?.depth ?? depth) { deepest = violation }
            }
            return deepest ?? broken("\(value.pythonText) is not valid under any of the given schemas")
        case .nullable(let schema): return value.isNull ? nil : schema.violation(in: value, name: name, depth: depth)
        }
    }

    private static func countText(_ object: JSONObject, min: Int, max: Int?) -> String? {
        if object.count < min {
            let text = JSONValue.object(object).pythonText
            return "\(text) \(min == 1 ? "should be non-empty" : "does not have enough properties")"
        }
        if let max, object.count > max { return "\(JSONValue.object(object).pythonText) has too many properties" }
        return nil
    }

    private static func leastDeep(
        _ members: some Sequence<(String, JSONValue, JSONSchema)>, depth: Int
    ) -> SchemaViolation? {
        var best: SchemaViolation?
        for (name, value, schema) in members {
            guard let violation = schema.violation(in: value, name: name, depth: depth) else { continue }
            if violation.depth < best?.depth ?? .max { best = violation }
        }
        return best
    }
}

extension JSONValue {
    /// The value as Python prints it inside another: what OpenStack's error texts show.
    var pythonText: String {
        switch self {
        case .null: "None"
        case .bool(let value): value ? "True" : "False"
        case .integer(let value): "\(value)"
        case .number(let value): "\(value)"
        case .string(let text): Self.pythonQuoted(text)
        case .array(let elements): "[\(elements.map(\.pythonText).joined(separator: ", "))]"
        case .object(let object):
            "{\(object.map { "\(Self.pythonQuoted($0.key)): \($0.value.pythonText)" }.joined(separator: ", "))}"
        }
    }

    /// The value as Python prints it alone: a string without quotes.
    var pythonString: String { if case .string(let text) = self { text } else { pythonText } }

    private static func pythonQuoted(_ text: String) -> String {
        let quote: Unicode.Scalar = text.contains("'") && !text.contains("\"") ? "\"" : "'"
        var quoted = String.UnicodeScalarView()
        quoted.append(quote)
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\\": quoted.append(contentsOf: "\\\\".unicodeScalars)
            case "\n": quoted.append(contentsOf: "\\n".unicodeScalars)
            case "\r": quoted.append(contentsOf: "\\r".unicodeScalars)
            case "\t": quoted.append(contentsOf: "\\t".unicodeScalars)
            case quote: quoted.append(contentsOf: "\\\(quote)".unicodeScalars)
            case _ where scalar.value < 0x20 || scalar.value == 0x7F:
                let digits = String(scalar.value, radix: 16)
                quoted.append(contentsOf: "\\x\(digits.count == 1 ? "0" : "")\(digits)".unicodeScalars)
            default: quoted.append(scalar)
            }
        }
        quoted.append(quote)
        return String(quoted)
    }
}
