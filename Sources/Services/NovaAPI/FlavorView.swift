import NovaHTTP
import NovaModel
import NovaSchema

/// Flavors in Compute API bodies (`spec/compute-api.md`, "flavors").
struct FlavorView {
    let request: APIRequest
    let links: Links

    init(_ request: APIRequest) {
        self.request = request
        links = Links(request)
    }

    /// id, name, links.
    func brief(_ flavor: Flavor, to writer: inout JSONWriter) {
        writer.object { writer in
            writer.field("id", flavor.id)
            writer.field("name", flavor.name)
            if request.atLeast(55) { writer.field("description", flavor.text) }
            links.write("flavors", flavor.id, to: &writer)
        }
    }

    func full(_ flavor: Flavor, to writer: inout JSONWriter) {
        writer.object { writer in
            writer.field("id", flavor.id)
            writer.field("name", flavor.name)
            writer.field("ram", flavor.memoryMB)
            writer.field("disk", flavor.rootGB)
            if flavor.swapMB == 0, !request.atLeast(75) {
                writer.field("swap", "")
            } else {
                writer.field("swap", flavor.swapMB)
            }
            writer.field("OS-FLV-EXT-DATA:ephemeral", flavor.ephemeralGB)
            writer.field("vcpus", flavor.vcpus)
            writer.field("os-flavor-access:is_public", flavor.isPublic)
            if !request.atLeast(102) {
                writer.field("OS-FLV-DISABLED:disabled", flavor.isDisabled)
                writer.field("rxtx_factor", flavor.rxtxFactor)
            }
            if request.atLeast(55) { writer.field("description", flavor.text) }
            if request.atLeast(61) { Self.extraSpecs(flavor, to: &writer) }
            links.write("flavors", flavor.id, to: &writer)
        }
    }

    static func extraSpecs(_ flavor: Flavor, to writer: inout JSONWriter) {
        writer.field(
            "extra_specs",
            object: { writer in
                for (key, value) in flavor.extraSpecs.sorted(by: { $0.key < $1.key }) { writer.field(key, value) }
            })
    }
}
