import NovaCore
import NovaModel
import NovaWire

/// An image: one row.
struct ImageRecord: Record, Equatable {
    var id = ImageID.none
    var name: String?
    var status = ImageStatus.queued
    var visibility = ImageVisibility.shared
    var owner = ProjectID("")
    var diskFormat: String?
    var containerFormat: String?
    /// Bytes of the file, nil before it is there.
    var size: Int64?
    /// MD5 of the file, hex.
    var checksum: String?
    /// SHA-512 of the file, hex.
    var sha512: String?
    /// GiB.
    var minDisk: Int64 = 0
    /// MiB.
    var minRAM: Int64 = 0
    var isProtected = false
    var isHidden = false
    var createdAt = Timestamp(microseconds: 0)
    var updatedAt = Timestamp(microseconds: 0)
    var tags: [String] = []
    /// Whatever else the owner says of it; the keys never are names of the fields above.
    var properties: [String: String] = [:]
    /// Bytes of the disk that guests see, as far as the file tells.
    var virtualSize: Int64?

    init() {}

    mutating func fields<V: FieldVisitor>(_ visitor: inout V) {
        visitor.visit("id", &id)
        visitor.visit("name", &name)
        visitor.visit("status", &status)
        visitor.visit("visibility", &visibility)
        visitor.visit("owner", &owner)
        visitor.visit("disk_format", &diskFormat)
        visitor.visit("container_format", &containerFormat)
        visitor.visit("size", &size)
        visitor.visit("checksum", &checksum)
        visitor.visit("sha512", &sha512)
        visitor.visit("min_disk", &minDisk)
        visitor.visit("min_ram", &minRAM)
        visitor.visit("protected", &isProtected)
        visitor.visit("os_hidden", &isHidden)
        visitor.visit("created_at", &createdAt)
        visitor.visit("updated_at", &updatedAt)
        visitor.visit("tags", &tags)
        visitor.visit("properties", &properties)
        visitor.visit("virtual_size", &virtualSize)
    }

    /// Who may know that the image exists.
    func audience(for project: ProjectID?, isAdmin: Bool) -> Audience {
        guard status != .deleted else { return .nobody }
        if isAdmin || visibility == .public || visibility == .community { return .caller }
        if let project, project == owner, !owner.text.isEmpty { return .caller }
        return visibility == .shared && project != nil ? .members : .nobody
    }

    /// Whether a caller sees an image by what the image says alone.
    enum Audience {
        case caller, nobody
        /// Only when the project is one that the image is shared with.
        case members
    }

    /// What other services learn of it.
    var reference: ImageReference {
        var reference = ImageReference()
        reference.id = id
        reference.name = name ?? ""
        reference.status = status.rawValue
        reference.diskFormat = diskFormat ?? ""
        reference.containerFormat = containerFormat ?? ""
        reference.size = size ?? 0
        reference.sha512 = sha512 ?? ""
        reference.minDiskGB = minDisk
        reference.minRAMMB = minRAM
        reference.owner = owner
        reference.properties = properties
        return reference
    }
}
