public import NovaCore
public import NovaWire

/// What the image service says of an image.
public struct ImageReference: Record, Equatable {
    public var id = ImageID.none
    public var name = ""
    /// The image's status: `queued`, `saving`, `active`, `deleted` and others of the Image API.
    public var status = ""
    /// `raw` or `qcow2`; also `aki`, `ari`, `ami`.
    public var diskFormat = ""
    public var containerFormat = ""
    /// Bytes of the stored file.
    public var size: Int64 = 0
    /// SHA-512 of the stored file, hex.
    public var sha512 = ""
    public var minDiskGB: Int64 = 0
    public var minRAMMB: Int64 = 0
    public var owner = ProjectID("")
    /// `kernel_id`, `ramdisk_id`, `hw_*`, `os_*` and users' own.
    public var properties: [String: String] = [:]

    public init() {}

    @inlinable
    public mutating func fields<V: FieldVisitor>(_ visitor: inout V) {
        visitor.visit("id", &id)
        visitor.visit("name", &name)
        visitor.visit("status", &status)
        visitor.visit("disk_format", &diskFormat)
        visitor.visit("container_format", &containerFormat)
        visitor.visit("size", &size)
        visitor.visit("sha512", &sha512)
        visitor.visit("min_disk_gb", &minDiskGB)
        visitor.visit("min_ram_mb", &minRAMMB)
        visitor.visit("owner", &owner)
        visitor.visit("properties", &properties)
    }

    public var kernelID: ImageID? { properties["kernel_id"].flatMap { ImageID($0) } }
    public var ramdiskID: ImageID? { properties["ramdisk_id"].flatMap { ImageID($0) } }
}

/// An image with the conductor's signed permission for one host to read it, or to write it.
public struct GrantedImage: Record, Equatable {
    public var image = ImageReference()
    /// The text of a signed grant (NovaCrypto), sent as `X-Nova-Grant`.
    public var grant = Secret("")

    public init() {}
    public init(_ image: ImageReference, grant: Secret<String>) {
        self.image = image
        self.grant = grant
    }

    @inlinable
    public mutating func fields<V: FieldVisitor>(_ visitor: inout V) {
        visitor.visit("image", &image)
        visitor.visit("grant", &grant)
    }
}
