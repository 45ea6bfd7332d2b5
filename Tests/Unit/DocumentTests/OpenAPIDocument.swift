import NovaHTTP
import NovaSchema

/// The OpenAPI 3.1 document of a service, made from the declarations of its operations.
struct OpenAPIDocument {
    let service: ServiceDeclarations

    var json: JSONValue {
        var components = JSONObject()
        for variant in bodies where variant.schema.published != [:] { components[variant.name] = variant.published }
        return [
            "openapi": "3.1.0", "jsonSchemaDialect": "https://json-schema.org/draft/2020-12/schema", "info": info,
            "servers": [["url": "/"]], "security": [["token": []]], "paths": paths,
            "components": [
                "schemas": .object(components), "parameters": parameters,
                "responses": ["Fault": ["description": "What went wrong, in the words of this API."]],
                "securitySchemes": [
                    "token": [
                        "type": "apiKey", "in": "header", "name": "X-Auth-Token",
                        "description": "A token of the Identity API.",
                    ]
                ],
            ],
        ]
    }

    /// The schemas of all bodies.
    var bodies: [BodyVariant] {
        service.apis.flatMap { api in api.operations.flatMap { BodyVariant.all(of: $0, in: api) } }
    }

    private var range: MicroversionRange? { service.apis.lazy.compactMap(\.microversions).first }

    private var info: JSONValue {
        var about = "Written from the declarations of \(service.service) by tools/openapi."
        guard let range else {
            return [
                "title": .string(service.title), "version": .string(service.version), "description": .string(about),
            ]
        }
        about += """
             x-openstack-min-version and x-openstack-max-version say from which to which microversion an operation, a
             parameter, a body or a member of it exists; without them, in all.
            """
        return JSONValue.object([
            "title": .string(service.title), "version": .string(service.version),
            "description": .string(about.split(whereSeparator: \.isWhitespace).joined(separator: " ")),
        ]).adding([
            ("x-openstack-min-version", .string(range.minimum.description)),
            ("x-openstack-max-version", .string(range.maximum.description)),
        ])
    }

    private var parameters: JSONValue {
        guard let range else { return [:] }
        return [
            "microversion": [
                "name": "OpenStack-API-Version", "in": "header",
                "description": .string(
                    "\(range.serviceType) and a microversion, or latest; without it \(range.minimum)."),
                "schema": ["type": "string"], "example": .string("\(range.serviceType) \(range.maximum)"),
            ]
        ]
    }

    /// All paths, sorted; those that differ in the names of their parameters only are one.
    private var paths: JSONValue {
        var order: [String] = []
        var places: [String: [OpenAPIPlace]] = [:]
        for api in service.apis {
            for operation in api.operations {
                let place = OpenAPIPlace(api: api, operation: operation)
                let key = place.key
                if places[key] == nil { order.append(key) }
                if let index = places[key]?.firstIndex(where: { $0.verb == operation.verb }) {
                    places[key]?[index].operations.append(operation)
                } else {
                    places[key, default: []].append(place)
                }
            }
        }
        var paths = JSONObject()
        for key in order.sorted() {
            let members = places[key] ?? []
            guard let path = members.first?.path else { continue }
            paths[path] = .object(
                JSONObject(
                    members.map { place in
                        var place = place
                        place.path = path
                        return (place.verb.rawValue.lowercased(), place.json)
                    }))
        }
        return .object(paths)
    }
}
