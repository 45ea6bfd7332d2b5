import NovaHTTP
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
            ["string"], "Status of the image", readOnly: true,
            values: ["queued", "saving", "active", "deactivated", "uploading", "importing", "deleted"]),
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

    /// The document of a list of something.
    static func list(_ name: String, of item: JSONValue, isPaged: Bool = true) -> JSONValue {
        var properties: JSONObject = [name: ["type": "array", "items": item], "schema": ["type": "string"]]
        var links: [JSONValue] = [["rel": "describedby", "href": "{schema}"]]
        if isPaged {
            properties["first"] = ["type": "string"]
            properties["next"] = ["type": "string"]
            links = [["rel": "first", "href": "{first}"], ["rel": "next", "href": "{next}"]] + links
        }
        return ["name": .string(name), "properties": .object(properties), "links": .array(links)]
    }

    /// The document at `/v2/schemas/member`.
    static let member: JSONValue = [
        "name": "member",
        "properties": [
            "member_id": property(["string"], "An identifier for the image member (tenantId)"),
            "image_id": property(["string"], "An identifier for the image"),
            "status": property(
                ["string"], "The status of this image member", values: MemberStatus.allCases.map(\.rawValue)),
            "created_at": property(["string"], "Date and time of image member creation"),
            "updated_at": property(["string"], "Date and time of last modification of image member"),
            "schema": property(["string"], "A schema url"),
        ],
    ]

    /// The document at `/v2/schemas/members`.
    static let members = list("members", of: member, isPaged: false)

    /// The document at `/v2/schemas/task`.
    static let task: JSONValue = [
        "name": "task",
        "properties": [
            "id": property(["string"], "An identifier for the task"),
            "type": property(["string"], "The type of task represented by this content", values: Self.taskTypes),
            "status": property(
                ["string"], "The current status of this task", values: ["pending", "processing", "success", "failure"]),
            "input": property(["null", "object"], "The parameters required by task"),
            "result": property(["null", "object"], "The result of current task"),
            "owner": property(["string"], "An identifier for the owner of this task"),
            "message": property(["string"], "Human-readable informative message"),
            "image_id": property(text, "Image associated with the task"),
            "request_id": property(text, "The request that made the task"),
            "user_id": property(text, "The user who made the task"),
            "expires_at": property(text, "Datetime when this resource would be subject to removal"),
            "created_at": property(["string"], "Datetime when this resource was created"),
            "updated_at": property(["string"], "Datetime when this resource was updated"),
            "self": property(["string"], "A task url", readOnly: true),
            "schema": property(["string"], "A schema url", readOnly: true),
        ],
    ]
    private static let taskTypes = ["import", "api_image_import"]

    /// The document at `/v2/schemas/tasks`.
    static let tasks = list("tasks", of: task)
}

extension ImageAPI {
    var schemaOperations: [Operation] {
        let documents: [(String, JSONValue)] = [
            ("image", ImageSchemaDocument.image), ("images", ImageSchemaDocument.images),
            ("member", ImageSchemaDocument.member), ("members", ImageSchemaDocument.members),
            ("task", ImageSchemaDocument.task), ("tasks", ImageSchemaDocument.tasks),
            ("metadefs/namespace", ImageSchemaDocument.namespace),
            ("metadefs/namespaces", ImageSchemaDocument.namespaces),
            ("metadefs/resource_type", ImageSchemaDocument.resourceType),
            ("metadefs/resource_types", ImageSchemaDocument.resourceTypes),
        ]
        return documents.map { name, document in
            Operation(.get, "/v2/schemas/\(name)", name: "image:schemas", policy: "@", summary: "Schema of \(name)") {
                _ in
                .json(document)
            }
        }
    }
}
