import NovaSchema

/// The schemas that clients read to learn what an image has.
enum ImageSchemaDocument {
    private static func property(
        _ type: [String], _ description: String, readOnly: Bool = false, values: [String]? = nil
    ) -> JSONValue {
        var object = JSONObject([
            ("type", type.count == 1 ? .string(type[0]) : JSONValue(type)), ("description", .string(description)),
        ])
        if readOnly { object["readOnly"] = true }
        if let values { object["enum"] = .array(values.map { .string($0) } + (type.contains("null") ? [.null] : [])) }
        return .object(object)
    }

    private static let text = ["null", "string"]

    /// The members of an image.
    static let properties: JSONValue = [
        "id": property(["string"], "An identifier for the image"),
        "name": property(text, "Descriptive name for the image"),
        "status": property(
            ["string"], "Status of the image", readOnly: true, values: ["queued", "saving", "active", "deactivated"]),
        "visibility": property(
            ["string"], "Scope of image accessibility", values: ImageVisibility.allCases.map(\.rawValue)),
        "protected": property(["boolean"], "If true, image will not be deletable."),
        "os_hidden": property(["boolean"], "If true, image will not appear in default image list response."),
        "checksum": property(text, "md5 hash of image contents.", readOnly: true),
        "os_hash_algo": property(text, "Algorithm to calculate the os_hash_value", readOnly: true),
        "os_hash_value": property(text, "Hexdigest of the image contents", readOnly: true),
        "owner": property(text, "Owner of the image"),
        "size": property(["null", "integer"], "Size of image file in bytes", readOnly: true),
        "virtual_size": property(["null", "integer"], "Virtual size of image in bytes", readOnly: true),
        "container_format": property(text, "Format of the container", values: ImageAttributes.containerFormats),
        "disk_format": property(text, "Format of the disk", values: ImageAttributes.diskFormats),
        "created_at": property(["string"], "Date and time of image registration", readOnly: true),
        "updated_at": property(["string"], "Date and time of the last image modification", readOnly: true),
        "tags": ["type": "array", "items": ["type": "string", "maxLength": 255], "description": "List of strings"],
        "min_ram": property(["integer"], "Amount of ram (in MB) required to boot image."),
        "min_disk": property(["integer"], "Amount of disk space (in GB) required to boot image."),
        "kernel_id": property(text, "ID of the kernel image"),
        "ramdisk_id": property(text, "ID of the ramdisk image"),
        "self": property(["string"], "An image self url", readOnly: true),
        "file": property(["string"], "An image file url", readOnly: true),
        "schema": property(["string"], "An image schema url", readOnly: true),
    ]

    /// The document at `/v2/schemas/image`.
    static let image: JSONValue = [
        "name": "image", "properties": properties, "additionalProperties": ["type": "string"],
        "links": [
            ["rel": "self", "href": "{self}"], ["rel": "enclosure", "href": "{file}"],
            ["rel": "describedby", "href": "{schema}"],
        ],
    ]

    /// The document at `/v2/schemas/images`.
    static let images: JSONValue = [
        "name": "images",
        "properties": [
            "images": ["type": "array", "items": image], "first": ["type": "string"], "next": ["type": "string"],
            "schema": ["type": "string"],
        ],
        "links": [
            ["rel": "first", "href": "{first}"], ["rel": "next", "href": "{next}"],
            ["rel": "describedby", "href": "{schema}"],
        ],
    ]
}
