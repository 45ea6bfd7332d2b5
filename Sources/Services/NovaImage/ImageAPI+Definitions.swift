import NovaCore
import NovaHTTP
import NovaSchema

/// `/v2/metadefs`: the catalogue of properties that dashboards offer for images, flavors and servers. It is empty here,
/// as Glance's is where nobody loaded definitions; dashboards then offer free text.
extension ImageAPI {
    private static let path = "/v2/metadefs"

    var definitionOperations: [Operation] {
        [
            Operation(
                .get, "\(Self.path)/namespaces", name: "get_metadef_namespaces", policy: "@",
                summary: "Namespaces of property definitions: none"
            ) { _ in
                .json([
                    "namespaces": [], "first": "/v2/metadefs/namespaces", "schema": "/v2/schemas/metadefs/namespaces",
                ])
            },
            Operation(
                .get, "\(Self.path)/namespaces/{namespace}", name: "get_metadef_namespace", policy: "@",
                summary: "A namespace: never found"
            ) { request in
                let name = try request.parameter("namespace").prefix(80)
                throw NovaError(.notFound, "Metadata definition namespace=\(name) was not found.")
            },
            Operation(
                .get, "\(Self.path)/resource_types", name: "list_metadef_resource_types", policy: "@",
                summary: "Kinds of resources with definitions: none"
            ) { _ in
                .json(["resource_types": [], "schema": "/v2/schemas/metadefs/resource_types"])
            },
        ]
    }
}

extension ImageSchemaDocument {
    private static func property(_ type: String, _ description: String) -> JSONValue {
        ["type": .string(type), "description": .string(description)]
    }

    /// The document at `/v2/schemas/metadefs/namespace`.
    static let namespace: JSONValue = [
        "name": "namespace", "additionalProperties": false, "required": ["namespace"],
        "properties": [
            "namespace": property("string", "The unique namespace text."),
            "display_name": property("string", "The user friendly name for the namespace."),
            "description": property("string", "Provides a user friendly description of the namespace."),
            "visibility": property("string", "Scope of namespace accessibility."),
            "protected": property("boolean", "If true, namespace will not be deletable."),
            "owner": property("string", "Owner of the namespace."),
            "created_at": property("string", "Date and time of namespace creation"),
            "updated_at": property("string", "Date and time of the last namespace modification"),
            "resource_type_associations": property("array", "The kinds of resources that it is for."),
            "properties": property("object", "The definitions of properties."),
            "objects": property("array", "Groups of properties."),
            "tags": property("array", "The definitions of tags."),
            "schema": property("string", "A schema url"),
            "self": property("string", "A namespace url"),
        ],
    ]

    /// The document at `/v2/schemas/metadefs/namespaces`.
    static let namespaces = list("namespaces", of: namespace)

    /// The document at `/v2/schemas/metadefs/resource_type`.
    static let resourceType: JSONValue = [
        "name": "resource_type_association", "additionalProperties": false, "required": ["name"],
        "properties": [
            "name": property("string", "The name of the kind of resource."),
            "prefix": property("string", "What the names of its properties begin with."),
            "properties_target": property("string", "Which of a resource's properties they are."),
            "created_at": property("string", "Date and time of resource type association"),
            "updated_at": property("string", "Date and time of the last resource type association modification"),
        ],
    ]

    /// The document at `/v2/schemas/metadefs/resource_types`.
    static let resourceTypes = list("resource_types", of: resourceType, isPaged: false)
}
