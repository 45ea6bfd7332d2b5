import NovaHTTP
import NovaSchema

/// The version documents (`spec/faults.md`, "Versions documents"); no token needed.
enum VersionsResource {
    /// The current API, and the one before it, which has no microversions.
    private enum Generation: String, CaseIterable {
        case legacy = "v2.0"
        case current = "v2.1"

        var prefix: String { self == .legacy ? "v2" : "v2.1" }
    }

    /// Operations below `/v2.1`.
    static var current: [Operation] { [show(.current)] }

    /// Operations below `/v2`.
    static var legacy: [Operation] { [show(.legacy)] }

    /// Operations at the root.
    static var root: [Operation] {
        [
            Operation(
                .get, "/", name: "os_compute_api:versions:index", policy: nil, summary: "Lists the API's versions."
            ) { request in
                .written(200) { writer in
                    writer.object { writer in
                        writer.field(
                            "versions",
                            array: { writer in
                                for generation in Generation.allCases {
                                    version(generation, request, isFull: false, to: &writer)
                                }
                            })
                    }
                }
            }
        ]
    }

    private static func show(_ generation: Generation) -> Operation {
        Operation(
            .get, "", name: "os_compute_api:versions:show", policy: nil, summary: "Shows the API's version."
        ) { request in
            .written(200) { writer in
                writer.object { writer in
                    writer.key("version")
                    version(generation, request, isFull: true, to: &writer)
                }
            }
        }
    }

    private static func version(
        _ generation: Generation, _ request: APIRequest, isFull: Bool, to writer: inout JSONWriter
    ) {
        let isCurrent = generation == .current
        writer.object { writer in
            writer.field("id", generation.rawValue)
            writer.field("status", isCurrent ? "CURRENT" : "DEPRECATED")
            writer.field("version", isCurrent ? MicroversionRange.compute.maximum.description : "")
            writer.field("min_version", isCurrent ? MicroversionRange.compute.minimum.description : "")
            writer.field("updated", isCurrent ? "2013-07-23T11:33:21Z" : "2011-01-21T11:33:21Z")
            writer.field(
                "links",
                array: { writer in
                    writer.object { writer in
                        writer.field("rel", "self")
                        writer.field("href", "\(request.baseURL)/\(generation.prefix)/")
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
                        let number = isCurrent ? "2.1" : "2"
                        writer.field("type", "application/vnd.openstack.compute+json;version=\(number)")
                    }
                })
        }
    }
}
