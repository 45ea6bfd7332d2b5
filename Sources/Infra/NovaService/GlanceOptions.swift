public import NovaConfig

/// Where images are, as Nova names it: with nova-image, or behind it with a Glance of somebody else.
public enum GlanceOptions {
    public static let servers = Option(
        "glance", "api_servers", default: ["http://127.0.0.1:9292"],
        help: "Where nova-image answers; compute hosts try these in order.", expected: "a list of http URLs",
        accepts: { !$0.isEmpty && $0.allSatisfy { $0.hasPrefix("http") } })
    public static let endpoint = Option(
        "glance", "endpoint_override", default: "",
        help: "URL of a Glance that keeps the images, without /v2; empty means nova-image keeps them.",
        expected: "an http or https URL", accepts: isURL)
    public static let authURL = Option(
        "glance", "auth_url", default: "",
        help: "URL of the Keystone where nova-image logs in for that Glance; empty when that Glance asks for no token.",
        expected: "an http or https URL", accepts: isURL)
    public static let login = LoginOptions(
        "glance", user: "User of nova-image in that Glance: one with the role admin.")
    public static let authorities = Option(
        "glance", "cafile", default: "",
        help: "Certificates (PEM) that Glance's and Keystone's must be signed by; empty means [ssl] ca_file.")
    public static let timeout = Option(
        "glance", "timeout", default: 60,
        help: "Seconds that a request waits for that Glance, or for the next bytes of an image.", in: 1...3600)

    /// All of them.
    public static let all: [any OptionDeclaration] = [servers, endpoint, authURL] + login.all + [authorities, timeout]

    private static let isURL: @Sendable (String) -> Bool = {
        $0.isEmpty || $0.hasPrefix("http://") || $0.hasPrefix("https://")
    }
}
