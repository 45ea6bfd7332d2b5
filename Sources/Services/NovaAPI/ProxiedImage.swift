import NovaCore
import NovaHTTP
import NovaSchema

/// An image of the image service as the Compute API shows it.
struct ProxiedImage {
    /// Members of the image service's answer that are no properties.
    private static let own: Set<String> = [
        "id", "name", "status", "visibility", "owner", "owner_id", "disk_format", "container_format", "size",
        "virtual_size", "checksum", "os_hash_algo", "os_hash_value", "os_hidden", "min_disk", "min_ram", "protected",
        "created_at", "updated_at", "tags", "self", "file", "schema", "locations", "direct_url", "stores",
    ]

    private let body: JSONValue

    init(_ body: JSONValue) { self.body = body }

    var id: String { body["id"]?.stringValue ?? "" }
    var properties: [String: String] {
        var properties: [String: String] = [:]
        for (key, value) in body.objectValue ?? JSONObject() where !Self.own.contains(key) && !value.isNull {
            properties[key] = value.stringValue ?? value.text
        }
        return properties
    }

    private var status: (name: String, progress: Int64) {
        switch body["status"]?.stringValue ?? "" {
        case "active": ("ACTIVE", 100)
        case "queued": ("SAVING", 25)
        case "saving", "importing", "uploading": ("SAVING", 50)
        case "deleted", "pending_delete": ("DELETED", 0)
        case "killed": ("ERROR", 0)
        default: ("UNKNOWN", 0)
        }
    }

    func brief(_ request: APIRequest, to writer: inout JSONWriter) {
        writer.object { writer in
            writer.field("id", id)
            writer.field("name", body["name"]?.stringValue)
            links(request, to: &writer)
        }
    }

    func full(_ request: APIRequest, to writer: inout JSONWriter) {
        let properties = properties
        writer.object { writer in
            writer.field("id", id)
            writer.field("name", body["name"]?.stringValue)
            writer.field("minRam", body["min_ram"]?.integerValue ?? 0)
            writer.field("minDisk", body["min_disk"]?.integerValue ?? 0)
            writer.field("OS-EXT-IMG-SIZE:size", body["size"]?.integerValue ?? 0)
            writer.field("created", body["created_at"]?.stringValue)
            writer.field("updated", body["updated_at"]?.stringValue)
            writer.field("status", status.name)
            writer.field("progress", status.progress)
            writer.field(
                "metadata",
                object: { writer in
                    for (key, value) in properties.sorted(by: { $0.key < $1.key }) { writer.field(key, value) }
                })
            if let server = properties["instance_uuid"] {
                writer.field(
                    "server",
                    object: { writer in
                        writer.field("id", server)
                        Links(request).write("servers", server, to: &writer)
                    })
            }
            if let word = properties["auto_disk_config"] {
                writer.field("OS-DCF:diskConfig", word.lowercased() == "true" ? "AUTO" : "MANUAL")
            }
            links(request, to: &writer)
        }
    }

    private func links(_ request: APIRequest, to writer: inout JSONWriter) {
        let links = Links(request)
        writer.field(
            "links",
            array: { writer in
                for (relation, href) in [
                    ("self", links.selfLink("images", id)), ("bookmark", links.bookmark("images", id)),
                ] {
                    writer.object { writer in
                        writer.field("rel", relation)
                        writer.field("href", href)
                    }
                }
                writer.object { writer in
                    writer.field("rel", "alternate")
                    writer.field("type", "application/vnd.openstack.image")
                    writer.field("href", "\(links.base)/images/\(id)")
                }
            })
    }

    /// Those that a query wants.
    ///
    /// - Throws: `badRequest` for values that mean nothing.
    static func filter(_ images: [ProxiedImage], _ request: APIRequest) throws -> [ProxiedImage] {
        var since: Timestamp?
        if let text = request.query("changes-since") {
            guard let time = Timestamp(iso8601: text) else {
                throw NovaError(.badRequest, "Invalid changes-since value: \(text)")
            }
            since = time
        }
        func number(_ name: String) throws -> Int64? {
            guard let text = request.query(name) else { return nil }
            guard let number = Int64(text) else { throw NovaError(.badRequest, "Invalid \(name) filter [\(text)]") }
            return number
        }
        let (memory, disk) = (try number("minRam"), try number("minDisk"))
        // A server may be named by its address.
        let server = request.query("server").map { $0.split(separator: "/").last.map(String.init) ?? $0 }
        return images.filter { image in
            let properties = image.properties
            if let name = request.query("name"), image.body["name"]?.stringValue != name { return false }
            if let status = request.query("status"), image.status.name != status.uppercased() { return false }
            if let server, properties["instance_uuid"] != server { return false }
            if let type = request.query("type"), properties["image_type"] != type { return false }
            if let memory, image.body["min_ram"]?.integerValue ?? 0 < memory { return false }
            if let disk, image.body["min_disk"]?.integerValue ?? 0 < disk { return false }
            if let since {
                let changed = image.body["updated_at"]?.stringValue.flatMap { Timestamp(iso8601: $0) }
                guard let changed, changed >= since else { return false }
            }
            return request.query.allSatisfy { name, value in
                !name.hasPrefix("property-") || properties[String(name.dropFirst("property-".count))] == value
            }
        }
    }
}
