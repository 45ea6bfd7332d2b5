public import NovaConfig

/// The options of nova-image.
public enum ImageOptions {
    public static let listen = Option(
        "image", "listen", default: "0.0.0.0", help: "Address that the Image API listens on.")
    public static let port = Option(
        "image", "port", default: 9292, help: "Port of the Image API; 0 means any free one.", in: 0...65535)
    public static let path = Option(
        "image", "path", default: "", help: "Folder of the images' files; empty means \"images\" in state_path.")
    public static let sizeLimitGB = Option(
        "image", "size_limit_gb", default: 1024, help: "The largest image in GiB.", in: 1...1_000_000)
    public static let authURI = Option(
        "image", "auth_uri", default: "http://127.0.0.1:5000/v3", help: "Where clients get tokens, told with 401.")
    public static let slots = Option(
        "image", "slots", default: 64, help: "Requests from the queue handled at once.", in: 1...1024)

    public static let storageQuota = Option(
        "image", "user_storage_quota", default: "0",
        help: "Bytes of images that a project may store, such as 500GB; 0 means no limit.",
        expected: "a number with B, KB, MB, GB or TB behind it, or none", accepts: { ImageLimits.bytes($0) != nil })
    public static let propertyQuota = Option(
        "image", "image_property_quota", default: 128, help: "Properties that an image may have.", in: 0...1024)
    public static let tagQuota = Option(
        "image", "image_tag_quota", default: 128, help: "Tags that an image may have.", in: 0...1024)
    public static let memberQuota = Option(
        "image", "image_member_quota", default: 128, help: "Projects that an image may be shared with.", in: 0...10_000)
    public static let importMethods = Option(
        "image", "enabled_import_methods", default: ["glance-direct", "web-download"],
        help: "The ways to import that users have.", expected: "glance-direct and web-download, or one of them",
        accepts: { $0.allSatisfy { ["glance-direct", "web-download"].contains($0) } })
    public static let imports = Option(
        "image", "import_workers", default: 4, help: "Imports done at once; more wait.", in: 1...64)
    public static let importSchemes = Option(
        "import_filtering_opts", "allowed_schemes", default: ["http", "https"],
        help: "Schemes of the URIs that web-download fetches.")
    public static let importHosts = Option(
        "import_filtering_opts", "allowed_hosts", default: [String](),
        help:
            "The only hosts that web-download fetches from, wherever they are; empty means any host at a public address."
    )
    public static let importRefusedHosts = Option(
        "import_filtering_opts", "disallowed_hosts", default: [String](),
        help: "Hosts that web-download does not fetch from.")
    public static let importPorts = Option(
        "import_filtering_opts", "allowed_ports", default: ["80", "443"],
        help: "Ports that web-download fetches from.", expected: "whole numbers from 1 to 65535",
        accepts: { $0.allSatisfy { (Int($0) ?? 0) > 0 && (Int($0) ?? 0) <= 65_535 } })

    /// All of them.
    public static let all: [any OptionDeclaration] = [
        listen, port, path, sizeLimitGB, authURI, slots, storageQuota, propertyQuota, tagQuota, memberQuota,
        importMethods, imports, importSchemes, importHosts, importRefusedHosts, importPorts,
    ]
}
