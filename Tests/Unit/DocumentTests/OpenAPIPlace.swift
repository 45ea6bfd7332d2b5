import NovaHTTP
import NovaSchema

/// One verb of one path: an operation, or several that an action in the body or the microversion tells apart.
struct OpenAPIPlace {
    let api: API
    /// As OpenAPI writes it: a last parameter for all that follows looks like any other.
    var path: String
    var operations: [NovaHTTP.Operation]

    init(api: API, operation: NovaHTTP.Operation) {
        self.api = api
        let path = (api.prefix + operation.path).replacing("...}", with: "}")
        self.path = path.isEmpty ? "/" : path
        operations = [operation]
    }

    var verb: HTTPVerb { operations[0].verb }
    /// The path without the names of its parameters.
    var key: String { path.replacing(/\{[^}]*\}/, with: "{}") }

    var json: JSONValue {
        var object: JSONObject = [
            "operationId": .string("\(verb.rawValue) \(path)"), "tags": [.string(tag)],
            "summary": .string(operations.count == 1 ? operations[0].summary : "See x-openstack-operations."),
        ]
        if operations.allSatisfy({ $0.success == 410 }) { object["deprecated"] = true }
        let parameters = pathParameters + queryParameters + versionParameter
        if !parameters.isEmpty { object["parameters"] = .array(parameters) }
        if let requestBody { object["requestBody"] = requestBody }
        object["responses"] = responses
        if operations.allSatisfy({ $0.policy == nil }) { object["security"] = [] }
        object["x-openstack-operations"] = .array(operations.map(details))
        return .object(object)
    }

    private var tag: String {
        let rest = path.dropFirst(api.prefix.count).split(separator: "/")
        let words = rest.filter { !$0.hasPrefix("{") && $0 != "v2" }
        return words.first.map(String.init) ?? "versions"
    }

    private func details(_ operation: NovaHTTP.Operation) -> JSONValue {
        var object: JSONObject = ["name": .string(operation.name)]
        if let action = operation.action { object["action"] = .string(action) }
        if operations.count > 1 { object["summary"] = .string(operation.summary) }
        for (name, value) in VersionSpan(operation, in: api).members { object[name] = value }
        if let policy = operation.policy { object["policy"] = .string(policy) }
        object["success"] = JSONValue(operation.success)
        let bodies = BodyVariant.all(of: operation, in: api).filter { $0.schema.published != [:] }
        if !bodies.isEmpty { object["bodies"] = JSONValue(bodies.map { "#/components/schemas/\($0.name)" }) }
        return .object(object)
    }

    private var responses: JSONValue {
        var responses = JSONObject()
        for status in Set(operations.map(\.success)).sorted() {
            responses["\(status)"] = ["description": .string(status == 410 ? "Gone." : "Success.")]
        }
        responses["default"] = ["$ref": "#/components/responses/Fault"]
        return .object(responses)
    }

    private var requestBody: JSONValue? {
        if operations.contains(where: \.streamsBody) {
            return ["required": true, "content": ["application/octet-stream": [:]]]
        }
        let taking = operations.filter { !$0.body.isEmpty || $0.action != nil }
        guard !taking.isEmpty else { return nil }
        let variants = taking.flatMap { BodyVariant.all(of: $0, in: api) }
        let isOpen = variants.contains { $0.schema.published == [:] }
        let schemas = variants.map { JSONValue.object(["$ref": .string("#/components/schemas/\($0.name)")]) }
        let schema: JSONValue = isOpen ? [:] : schemas.count == 1 ? schemas[0] : ["anyOf": .array(schemas)]
        var content = JSONObject()
        for type in ["application/json"] + Set(taking.flatMap(\.contentTypes)).sorted() {
            content[type] = ["schema": schema]
        }
        return ["required": .bool(!taking.allSatisfy(\.bodyIsOptional)), "content": .object(content)]
    }

    // MARK: Parameters

    private var pathParameters: [JSONValue] {
        path.matches(of: /\{([^}]*)\}/).map { match in
            ["name": .string(String(match.1)), "in": "path", "required": true, "schema": ["type": "string"]]
        }
    }

    private var versionParameter: [JSONValue] {
        api.microversions == nil ? [] : [["$ref": "#/components/parameters/microversion"]]
    }

    private struct Run {
        var span: VersionSpan
        let schema: JSONValue
    }

    private var queryParameters: [JSONValue] {
        var runs: [String: [Run]] = [:]
        for operation in operations {
            let variants = VersionSpan.variants(operation.query, of: operation, in: api)
            var before: JSONObject = [:]
            for (span, schema) in variants {
                let properties = schema.published["properties"]?.objectValue ?? [:]
                for (name, value) in properties {
                    if before[name] == value, let last = runs[name]?.indices.last {
                        runs[name]?[last].span.to = span.to
                    } else {
                        runs[name, default: []].append(Run(span: span, schema: value))
                    }
                }
                before = properties
            }
        }
        return runs.sorted { $0.key < $1.key }.map { name, runs in
            let parameter: JSONValue = ["name": .string(name), "in": "query"]
            if runs.count == 1 { return parameter.adding(runs[0].span.members + [("schema", runs[0].schema)]) }
            return parameter.adding([
                ("schema", ["anyOf": .array(runs.map { $0.schema.adding($0.span.members) })])
            ])
        }
    }
}
