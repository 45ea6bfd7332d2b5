import NovaCore
import NovaSchema

/// How an image looks in the API.
enum ImageView {
    /// Writes one image as an object.
    static func write(_ image: ImageRecord, to json: inout JSONWriter) {
        json.object { json in
            for (name, value) in image.properties.sorted(by: { $0.key < $1.key }) { json.field(name, value) }
            json.field("id", "\(image.id)")
            json.field("name", image.name)
            json.field("status", image.status.rawValue)
            json.field("visibility", image.visibility.rawValue)
            json.field("protected", image.isProtected)
            json.field("os_hidden", image.isHidden)
            json.field("checksum", image.checksum)
            json.field("os_hash_algo", image.sha512 == nil ? nil : "sha512")
            json.field("os_hash_value", image.sha512)
            json.field("owner", image.owner.text)
            json.field("size", image.size)
            json.field("virtual_size", image.virtualSize)
            json.field("container_format", image.containerFormat)
            json.field("disk_format", image.diskFormat)
            json.field("min_disk", image.minDisk)
            json.field("min_ram", image.minRAM)
            json.field("created_at", image.createdAt.iso8601)
            json.field("updated_at", image.updatedAt.iso8601)
            json.field("tags", image.tags)
            if image.status == .active || image.status == .deactivated {
                json.field("stores", ImageFileStore.name)
            }
            json.field("self", "/v2/images/\(image.id)")
            json.field("file", "/v2/images/\(image.id)/file")
            json.field("schema", "/v2/schemas/image")
        }
    }
}
