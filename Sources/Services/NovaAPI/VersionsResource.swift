import NovaHTTP
import NovaSchema

/// The version documents (`spec/faults.md`, "Versions documents"); no token needed.
enum VersionsResource {
    /// Operations below `/v2.1`.
    static var current: [Operation] {
        [
            Operation(
                .get, "", name: "os_compute_api:versions:show", policy: nil, summary: "Shows the API's version.", show)
        ]
    }

    /// Operations at the root.
    static var root: [Operation] {
        [
            Operation(
                .get, "/", name: "os_compute_api:versions:index", policy: nil, summary: "Lists the API's versions."
            ) {
                request in
                .written(200) { writer in
                    writer.object { writer in
                        writer.field("versions", array: { writer in version(request, isFull: false, to: &writer) })
                    }
                }
            }
        ]
    }

    @Sendable
    private static func show(_ request: APIRequest) async throws -> APIResponse {
        .written(200) { writer in
            writer.object { writer in
                writer.key("version")
                version(request, isFull: true, to: &writer)
            }
        }
    }

    private static func version(_ request: APIRequest, isFull: Bool, to writer: inout JSONWriter) {
        writer.object { writer in
            writer.field("id", "v2.1")
            writer.field("status", "CURRENT")
            writer.field("version", MicroversionRange.compute.maximum.description)
            writer.field("min_version", MicroversionRange.compute.minimum.description)
            writer.field("updated", "2013-07-23T11:33:21Z")
            writer.field(
                "links",
                array: { writer in
                    writer.object { writer in
                        writer.field("rel", "self")
                        writer.field("href", "\(request.baseURL)/v2.1/")
                    }
                    guard isFull else { return }
                    writer.object { writer in
                        writer.field("rel", "describedby")
                        writer.field("type", "text/html")
                        writer.field("href", "http://docs.openstack.org/")
                    }
                })
            guard isFull else { return }
            writer.field(
                "media-types",
                array: { writer in
                    writer.object { writer in
                        writer.field("base", "application/json")
                        writer.field("type", "application/vnd.openstack.compute+json;version=2.1")
                    }
                })
        }
    }
}
