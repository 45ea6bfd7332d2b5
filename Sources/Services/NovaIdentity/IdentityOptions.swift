public import NovaConfig

/// The options of the identity service.
public enum IdentityOptions {
    public static let listen = Option(
        "identity", "listen", default: "127.0.0.1", help: "Address that the Identity API listens on.")
    public static let port = Option(
        "identity", "port", default: 5000, help: "Port of the Identity API; 0 means any free one.", in: 0...65535)
    public static let adminPassword = Option(
        "identity", "admin_password", default: "",
        help: "Password of the first user, admin; read at the first start only. Empty means a random one, kept in "
            + "state_path/admin_password.", secret: true)
    public static let tokenLifetime = Option(
        "identity", "token_expiration", default: 3600, help: "Seconds that a token is valid.", in: 60...86_400)
    public static let passwordRounds = Option(
        "identity", "password_hash_rounds", default: 300_000,
        help: "PBKDF2 rounds of new password hashes; each login costs as many.", in: 1_000...10_000_000)
    public static let passwordThreads = Option(
        "identity", "password_threads", default: 1, help: "Logins that are checked at a time.", in: 1...64)
    public static let uniquePasswords = Option(
        "security_compliance", "unique_last_password_count", default: 0,
        help: "How many of their last passwords, with the present one, users may not choose again; 0 for any.",
        in: 0...IdentitySettings.mostUniquePasswords)
    public static let treeDepth = Option(
        "identity", "max_project_tree_depth", default: 5,
        help: "How deep projects may nest, the domain counted.", in: 2...32)
    public static let region = Option(
        "identity", "region", default: "RegionOne", help: "Region of the endpoints that the service registers itself.")
    public static let identityEndpoint = endpoint("identity", "http://127.0.0.1:5000/v3")
    public static let computeEndpoint = endpoint("compute", "http://127.0.0.1:8774/v2.1")
    public static let imageEndpoint = endpoint("image", "http://127.0.0.1:9292")
    public static let networkEndpoint = endpoint("network", "http://127.0.0.1:9696")
    public static let placementEndpoint = endpoint("placement", "http://127.0.0.1:8778")

    private static func endpoint(_ type: String, _ url: String) -> Option<String> {
        Option(
            "identity", "\(type)_endpoint", default: url, help: "URL of the \(type) service in the catalog.",
            expected: "an http or https URL", accepts: { $0.hasPrefix("http://") || $0.hasPrefix("https://") })
    }

    /// All of them.
    public static let all: [any OptionDeclaration] = [
        listen, port, adminPassword, tokenLifetime, passwordRounds, passwordThreads, uniquePasswords, treeDepth, region,
        identityEndpoint,
        computeEndpoint, imageEndpoint, networkEndpoint, placementEndpoint,
    ]
}
