import NovaCore
import NovaHTTP
import NovaSchema

extension ImageAPI {
    /// The newest version, whose numbers say which of Glance's features clients may expect.
    private static let current = "v2.15"
    /// Without 2.14, the management of caches; 2.16 and 2.17, caches and locations, are not there either.
    private static let supported = [
        "v2.13", "v2.12", "v2.11", "v2.10", "v2.9", "v2.8", "v2.7", "v2.6", "v2.5", "v2.4", "v2.3", "v2.2", "v2.1",
        "v2.0",
    ]

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
            Operation(.get, "/v2/info/import", name: "image:import_info", policy: "@", summary: "Ways to import") { _ in
                .json([
                    "import-methods": [
                        "description": "Import methods available.", "type": "array",
                        "value": JSONValue(imports.methods),
                    ]
                ])
            },
            Operation(.get, "/v2/info/stores", name: "image:stores_info", policy: "@", summary: "The stores") { _ in
                .json(["stores": [["id": .string(ImageFileStore.name), "default": "true"]]])
            },
            Operation(
                .get, "/v2/info/stores/detail", name: "stores_info_detail", policy: "role:admin",
                summary: "The stores with their settings"
            ) { _ in
                .json([
                    "stores": [
                        [
                            "id": .string(ImageFileStore.name), "default": "true", "type": "file",
                            "description": "Files on the host of the image service.", "weight": 0,
                            "properties": [
                                "data_dir": .string(files.folder), "chunk_size": .integer(Int64(ImageFileStore.chunk)),
                                "thin_provisioning": false,
                            ],
                        ]
                    ]
                ])
            },
            Operation(
                .get, "/v2/info/usage", name: "image:usage", policy: Self.reader, summary: "Use of the project's quota",
                usage),
            Operation(
                .delete, "/v2/stores/{store_id}/{image_id}", name: "delete_image_location", policy: Self.member,
                success: 204, summary: "Remove an image from one store", removeFromStore),
        ]
    }

    private func usage(_ request: APIRequest) async throws -> APIResponse {
        let used = try await table.usage(of: try request.caller.projectID ?? ProjectID(""))
        // Quotas on images are in MiB in this document.
        return .json([
            "usage": [
                "image_size_total": [
                    "usage": .integer(used >> 20), "limit": .integer(limits.storage.map { $0 >> 20 } ?? -1),
                ]
            ]
        ])
    }

    private func removeFromStore(_ request: APIRequest) async throws -> APIResponse {
        guard try request.parameter("store_id") == ImageFileStore.name else {
            throw NovaError(.notFound, "There is no such store.")
        }
        let image = try await ownImage(request)
        guard image.status == .active || image.status == .deactivated else {
            throw NovaError(.notFound, "The image is not in this store.")
        }
        throw NovaError(.forbidden, "This is the only store of the image. Delete the image instead.")
    }
}
