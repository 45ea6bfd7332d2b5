import NovaCore
import NovaHTTP
import NovaSchema

/// What users may say of an image, and how it becomes part of the record: creation and changes share it.
struct ImageAttributes {
    static let diskFormats = [
        "ami", "ari", "aki", "vhd", "vhdx", "vmdk", "raw", "qcow2", "vdi", "iso", "ploop",
    ]
    static let containerFormats = ["ami", "ari", "aki", "bare", "ovf", "ova", "docker", "compressed"]
    static let readOnly: Set = [
        "status", "checksum", "os_hash_algo", "os_hash_value", "size", "virtual_size", "created_at", "updated_at",
        "direct_url", "self", "file", "schema", "stores", "locations",
    ]
    static let base: Set = readOnly.union([
        "id", "name", "visibility", "owner", "disk_format", "container_format", "min_disk", "min_ram", "protected",
        "os_hidden", "tags",
    ])
    /// Properties that the service itself keeps.
    static let reservedPrefix = "os_glance"

    let request: APIRequest
    let limits: ImageLimits
    var image: ImageRecord

    /// Sets one attribute.
    ///
    /// - Throws: ``NovaError`` `forbidden` for those that are not the caller's to set, `badRequest` for bad values.
    mutating func set(_ name: String, _ value: JSONValue) throws {
        if Self.readOnly.contains(name) {
            throw NovaError(.forbidden, "Attribute '\(name)' is read-only.")
        }
        switch name {
        case "id": throw NovaError(.forbidden, "Attribute 'id' is read-only.")
        case "name": image.name = try optionalText(name, value, limit: 255)
        case "visibility": try setVisibility(value)
        case "owner": try setOwner(value)
        case "disk_format": image.diskFormat = try format(name, value, Self.diskFormats)
        case "container_format": image.containerFormat = try format(name, value, Self.containerFormats)
        case "min_disk": image.minDisk = try amount(name, value)
        case "min_ram": image.minRAM = try amount(name, value)
        case "protected": image.isProtected = try flag(name, value)
        case "os_hidden": image.isHidden = try flag(name, value)
        case "tags": image.tags = try tags(value)
        default: try setProperty(name, value)
        }
    }

    /// Removes a property.
    ///
    /// - Throws: ``NovaError`` `forbidden` for the attributes every image has, `conflict` for one that is not there.
    mutating func remove(_ name: String) throws {
        guard !Self.base.contains(name), !name.hasPrefix(Self.reservedPrefix) else {
            throw NovaError(.forbidden, "Property \(name) may not be removed.")
        }
        guard image.properties.removeValue(forKey: name) != nil else {
            throw NovaError(.conflict, "Property \(name) does not exist.")
        }
    }

    /// Whether the image has the attribute.
    func has(_ name: String) -> Bool { Self.base.contains(name) || image.properties[name] != nil }

    private func bad(_ name: String, _ why: String) -> NovaError {
        NovaError(.badRequest, "Provided object does not match schema 'image': \(name) \(why)")
    }

    private func optionalText(_ name: String, _ value: JSONValue, limit: Int) throws -> String? {
        if value.isNull { return nil }
        guard let text = value.stringValue, text.unicodeScalars.count <= limit else {
            throw bad(name, "must be a string of at most \(limit) characters")
        }
        return text
    }

    private func format(_ name: String, _ value: JSONValue, _ allowed: [String]) throws -> String? {
        if value.isNull { return nil }
        guard let text = value.stringValue, allowed.contains(text) else {
            throw NovaError(
                .badRequest, "Invalid \(name.replacing("_", with: " ")). Use one of \(allowed.joined(separator: ", "))."
            )
        }
        let current = name == "disk_format" ? image.diskFormat : image.containerFormat
        guard image.status == .queued || text == current else {
            throw NovaError(.forbidden, "Attribute \(name) can be only replaced for a queued image.")
        }
        return text
    }

    private func amount(_ name: String, _ value: JSONValue) throws -> Int64 {
        guard let amount = value.integerValue, (0...2_147_483_647).contains(amount) else {
            throw bad(name, "must be an integer from 0 to 2147483647")
        }
        return amount
    }

    private func flag(_ name: String, _ value: JSONValue) throws -> Bool {
        guard let flag = value.boolValue else { throw bad(name, "must be true or false") }
        return flag
    }

    private func tags(_ value: JSONValue) throws -> [String] {
        guard let elements = value.arrayValue else { throw bad("tags", "must be an array") }
        var tags: [String] = []
        for element in elements {
            guard let tag = element.stringValue, (1...255).contains(tag.unicodeScalars.count) else {
                throw bad("tags", "must be strings of 1 to 255 characters")
            }
            if !tags.contains(tag) { tags.append(tag) }
        }
        guard tags.count <= max(limits.tags, image.tags.count) else {
            throw NovaError(.tooLarge, "An image has at most \(limits.tags) tags.")
        }
        return tags
    }

    private mutating func setVisibility(_ value: JSONValue) throws {
        guard let visibility = value.stringValue.flatMap(ImageVisibility.init(rawValue:)) else {
            throw bad("visibility", "must be one of public, private, shared, community")
        }
        if visibility == .public, image.visibility != .public {
            try request.authorize("publicize_image", target: ["project_id": image.owner.text])
        }
        if visibility == .community, image.visibility != .community {
            try request.authorize("communitize_image", target: ["project_id": image.owner.text])
        }
        image.visibility = visibility
    }

    private mutating func setOwner(_ value: JSONValue) throws {
        let caller = try request.caller
        guard let owner = value.stringValue.flatMap(ProjectID.init(validating:)) else {
            throw bad("owner", "must be the id of a project")
        }
        guard owner == image.owner || caller.isAdmin else {
            throw NovaError(.forbidden, "You are not permitted to create or give away images owned by '\(owner)'.")
        }
        image.owner = owner
    }

    private mutating func setProperty(_ name: String, _ value: JSONValue) throws {
        guard !name.hasPrefix(Self.reservedPrefix) else {
            throw NovaError(.forbidden, "Attribute '\(name)' is reserved.")
        }
        guard (1...255).contains(name.unicodeScalars.count), !name.contains("/"), !name.hasPrefix("_") else {
            throw bad(name, "is no valid name of a property")
        }
        if value.isNull, name == "kernel_id" || name == "ramdisk_id" {
            image.properties[name] = nil
            return
        }
        guard let text = value.stringValue, text.utf8.count <= 65_535 else { throw bad(name, "must be a string") }
        if name == "kernel_id" || name == "ramdisk_id", ImageID(text) == nil { throw bad(name, "must be a UUID") }
        guard image.properties[name] != nil || image.properties.count < limits.properties else {
            throw NovaError(.tooLarge, "An image has at most \(limits.properties) properties.")
        }
        image.properties[name] = text
    }
}
