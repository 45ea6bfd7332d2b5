public import NovaConfig

/// The options of services that trust a Keystone of somebody else in place of nova-identity, as keystonemiddleware
/// names them.
public enum KeystoneOptions {
    public static let authURL = Option(
        "keystone_authtoken", "auth_url", default: "",
        help: "URL of a Keystone that checks tokens, with or without /v3; empty means nova-identity checks them.",
        expected: "an http or https URL",
        accepts: { $0.isEmpty || $0.hasPrefix("http://") || $0.hasPrefix("https://") })
    public static let login = LoginOptions(
        "keystone_authtoken", user: "User who may validate tokens in that Keystone.")
    public static let cacheTime = Option(
        "keystone_authtoken", "token_cache_time", default: 300,
        help: "Seconds that Keystone's word for a token is taken; -1 to ask each time.", in: -1...3600)
    public static let timeout = Option(
        "keystone_authtoken", "http_request_timeout", default: 10,
        help: "Seconds that a request waits for Keystone.", in: 1...120)

    /// All of them.
    public static let all: [any OptionDeclaration] = [authURL] + login.all + [cacheTime, timeout]
}
