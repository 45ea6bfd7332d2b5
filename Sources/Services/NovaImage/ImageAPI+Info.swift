import NovaHTTP
import NovaSchema

extension ImageAPI {
    /// The newest version, whose numbers say which of Glance's features clients may expect.
    private static let current = "v2.9"
    private static let supported = ["v2.7", "v2.6", "v2.5", "v2.4", "v2.3", "v2.2", "v2.1", "v2.0"]

    var versionOperations: [Operation] {
        [
            Operation(.get, "/", name: "image:versions", policy: nil, summary: "The versions") { versions($0, 300) },
            Operation(.get, "/versions", name: "image:versions", policy: nil, summary: "The versions") {
                versions($0, 200)
            },
        ]
    }

    private func versions(_ request: APIRequest, _ status: Int) -> APIResponse {
        .written(status) { json in
            json.object { json in
                json.field(
                    "versions",
                    array: { json in
                        for id in [Self.current] + Self.supported {
                            json.object { json in
                                json.field("id", id)
                                json.field("status", id == Self.current ? "CURRENT" : "SUPPORTED")
                                json.field(
                                    "links",
                                    array: { json in
                                        json.object { json in
                                            json.field("rel", "self")
                                            json.field("href", "\(request.baseURL)/v2/")
                                        }
                                    })
                            }
                        }
                    })
            }
        }
    }

    var infoOperations: [Operation] {
        [
            Operation(.get, "/v2/schemas/image", name: "image:schemas", policy: "@", summary: "Schema of an image") {
                _ in
                .json(ImageSchemaDocument.image)
            },
            Operation(.get, "/v2/schemas/images", name: "image:schemas", policy: "@", summary: "Schema of a list") {
                _ in
                .json(ImageSchemaDocument.images)
            },
            Operation(.get, "/v2/info/import", name: "image:import_info", policy: "@", summary: "Ways to import") { _ in
                .json([
                    "import-methods": ["description": "Import methods available.", "type": "array", "value": []]
                ])
            },
            Operation(.get, "/v2/info/stores", name: "image:stores_info", policy: "@", summary: "The stores") { _ in
                .json(["stores": [["id": "file", "default": "true"]]])
            },
        ]
    }
}
