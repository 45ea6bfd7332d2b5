import NovaCore

/// What a request body must look like: the part of JSON Schema that Nova uses, as Swift values.
///
/// Violations read as Nova's do (`spec/faults.md`): the words of python-jsonschema behind the name of the field.
public struct JSONSchema: Sendable {
    indirect enum Rule: Sendable {
        case any
        case null
        case boolean(strict: Bool)
        case integer(min: Int64?, max: Int64?, strict: Bool)
        case number(min: Double?, max: Double?)
        case string(min: Int, max: Int?, rule: StringRule?)
        case enumeration([JSONValue])
        case array(items: JSONSchema, min: Int, max: Int?, unique: Bool)
        case object(properties: [String: JSONSchema], required: [String], additional: JSONSchema?, min: Int, max: Int?)
        case dictionary(keys: StringRule, values: JSONSchema, min: Int, max: Int?)
        case anyOf([JSONSchema])
        case nullable(JSONSchema)
    }

    let rule: Rule

    /// Any value.
    public static let any = JSONSchema(rule: .any)
    /// Only null.
    public static let null = JSONSchema(rule: .null)
    /// A truth value, also in the words that Nova allows; read it with ``JSONValue/lenientBool``.
    public static let boolean = JSONSchema(rule: .boolean(strict: false))
    /// Only true and false.
    public static let strictBoolean = JSONSchema(rule: .boolean(strict: true))
    /// A UUID, with or without hyphens.
    public static let uuid = JSONSchema(rule: .string(min: 0, max: nil, rule: .uuid))
    /// Any string.
    public static let string = JSONSchema.string()
    /// Any object.
    public static let anyObject = JSONSchema.object(additional: true)
    /// A name of 1 to 255 printable characters without space at its ends.
    public static let name = JSONSchema.string(min: 1, max: 255, .name)

    /// A string with bounds on its length in characters, and a rule for them.
    public static func string(min: Int = 0, max: Int? = nil, _ rule: StringRule? = nil) -> JSONSchema {
        JSONSchema(rule: .string(min: min, max: max, rule: rule))
    }

    /// An integer, also as a decimal string, as Nova allows; read it with ``JSONValue/lenientInteger``.
    public static func integer(min: Int64? = nil, max: Int64? = nil) -> JSONSchema {
        JSONSchema(rule: .integer(min: min, max: max, strict: false))
    }

    /// An integer that is written as one.
    public static func strictInteger(min: Int64? = nil, max: Int64? = nil) -> JSONSchema {
        JSONSchema(rule: .integer(min: min, max: max, strict: true))
    }

    /// A number of either kind.
    public static func number(min: Double? = nil, max: Double? = nil) -> JSONSchema {
        JSONSchema(rule: .number(min: min, max: max))
    }

    /// One of the given values.
    public static func enumeration(_ values: [JSONValue]) -> JSONSchema { JSONSchema(rule: .enumeration(values)) }

    /// An array whose elements all follow one schema.
    public static func array(_ items: JSONSchema, min: Int = 0, max: Int? = nil, unique: Bool = false) -> JSONSchema {
        JSONSchema(rule: .array(items: items, min: min, max: max, unique: unique))
    }

    /// An object with known members; `additional` says whether it may have others.
    public static func object(
        properties: [String: JSONSchema] = [:], required: [String] = [], additional: Bool = false, min: Int = 0,
        max: Int? = nil
    ) -> JSONSchema {
        JSONSchema(
            rule: .object(
                properties: properties, required: required, additional: additional ? .any : nil, min: min, max: max))
    }

    /// An object with known members, and others that follow `others`.
    public static func object(
        properties: [String: JSONSchema], required: [String] = [], others: JSONSchema
    ) -> JSONSchema {
        JSONSchema(rule: .object(properties: properties, required: required, additional: others, min: 0, max: nil))
    }

    /// An object of free names: metadata, extra specs.
    public static func dictionary(
        keys: StringRule, values: JSONSchema, min: Int = 0, max: Int? = nil
    ) -> JSONSchema {
        JSONSchema(rule: .dictionary(keys: keys, values: values, min: min, max: max))
    }

    /// A value that follows at least one of the schemas.
    public static func anyOf(_ schemas: [JSONSchema]) -> JSONSchema { JSONSchema(rule: .anyOf(schemas)) }

    /// A value that is null or follows the schema.
    public static func nullable(_ schema: JSONSchema) -> JSONSchema { JSONSchema(rule: .nullable(schema)) }

    /// An object of exactly one named member: the envelope of most bodies.
    public static func wrapped(_ name: String, _ schema: JSONSchema) -> JSONSchema {
        .object(properties: [name: schema], required: [name])
    }

    /// Checks a request body.
    ///
    /// - Throws: ``NovaError`` `badRequest` with Nova's text for the violation that lies least deep.
    public func validate(_ value: JSONValue) throws {
        if let violation = violation(in: value) { throw violation.error(place: "field/attribute") }
    }

    /// Checks query parameters: each is a member whose value is the array of its strings.
    ///
    /// - Throws: ``NovaError`` `badRequest` with Nova's text for query parameters.
    public func validate(query: [(name: String, value: String)]) throws {
        guard case .object(let properties, let required, let additional, _, _) = rule else { return }
        if query.isEmpty, required.isEmpty { return }
        var object = JSONObject()
        for (name, value) in query where object[name] == nil || properties[name] != nil {
            object[name] = .string(value)
            if let violation = (properties[name] ?? additional)?.violation(in: .string(value), name: name) {
                throw violation.error(place: "query parameters")
            }
        }
        let shape = JSONSchema(
            rule: .object(
                properties: properties.mapValues { _ in .any }, required: required,
                additional: additional == nil ? nil : .any, min: 0, max: nil))
        if let violation = shape.violation(in: .object(object)) { throw violation.error(place: "query parameters") }
    }
}
