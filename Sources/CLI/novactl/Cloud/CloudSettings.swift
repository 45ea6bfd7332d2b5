import FoundationEssentials
import NovaCore

/// Where a cloud is and who the user is: from clouds.yaml, then OS_* variables, which win.
struct CloudSettings {
    var authURL: String
    var userName: String
    var password: Secret<String>
    var userDomain: String
    var projectName: String
    var projectID: String
    var projectDomain: String
    var region: String
    var interface: String
    var computeVersion: String
    /// A ready token in place of a password.
    var token: Secret<String>?
    /// A file of certificates that services' must be signed by; empty means those of the system.
    var authorities: String

    /// Reads the environment; a named cloud comes from clouds.yaml in the working folder, the user's, then /etc.
    ///
    /// - Throws: `badRequest` that says which variable is missing.
    init(cloud: String?, environment: [String: String] = ProcessInfo.processInfo.environment) throws {
        var file: CloudsFile.Node?
        if let name = cloud ?? environment["OS_CLOUD"] { file = try Self.find(environment).cloud(name) }
        func value(_ variables: [String], _ keys: [String], inAuth: Bool = true) -> String? {
            for variable in variables {
                if let text = environment[variable], !text.isEmpty { return text }
            }
            for key in keys {
                if let text = (inAuth ? file?["auth"]?[key] : file?[key])?.text, !text.isEmpty { return text }
            }
            return nil
        }
        func need(_ variable: String, _ key: String) throws -> String {
            if let text = value([variable], [key]) { return text }
            throw NovaError(
                .badRequest,
                "\(variable) is not set. Source your openrc file, or name a cloud of clouds.yaml with --os-cloud.")
        }
        token = value(["OS_TOKEN"], ["token"]).map { Secret($0) }
        authURL = try need("OS_AUTH_URL", "auth_url")
        userName = try token == nil ? need("OS_USERNAME", "username") : ""
        password = Secret(try token == nil ? need("OS_PASSWORD", "password") : "")
        let domain = value(["OS_DEFAULT_DOMAIN"], ["default_domain"]) ?? "Default"
        userDomain =
            value(["OS_USER_DOMAIN_NAME", "OS_USER_DOMAIN_ID"], ["user_domain_name", "user_domain_id"]) ?? domain
        projectDomain =
            value(["OS_PROJECT_DOMAIN_NAME", "OS_PROJECT_DOMAIN_ID"], ["project_domain_name", "project_domain_id"])
            ?? domain
        projectName = value(["OS_PROJECT_NAME", "OS_TENANT_NAME"], ["project_name", "tenant_name"]) ?? ""
        projectID = value(["OS_PROJECT_ID", "OS_TENANT_ID"], ["project_id", "tenant_id"]) ?? ""
        region = value(["OS_REGION_NAME"], ["region_name"], inAuth: false) ?? ""
        interface = value(["OS_INTERFACE", "OS_ENDPOINT_TYPE"], ["interface"], inAuth: false) ?? "public"
        computeVersion = value(["OS_COMPUTE_API_VERSION"], ["compute_api_version"], inAuth: false) ?? "2.79"
        if !computeVersion.contains(".") { computeVersion = "2.79" }
        authorities = value(["OS_CACERT"], ["cacert"], inAuth: false) ?? ""
        if interface.hasSuffix("URL") { interface.removeLast(3) }
        while authURL.hasSuffix("/") { authURL.removeLast() }
        if !authURL.hasSuffix("/v3") { authURL += "/v3" }
        guard authURL.hasPrefix("http://") || authURL.hasPrefix("https://") else {
            throw NovaError(.badRequest, "OS_AUTH_URL must begin with http:// or https://, not \"\(authURL)\".")
        }
    }

    private static func find(_ environment: [String: String]) throws -> CloudsFile {
        let home = environment["HOME"] ?? ""
        let chosen = environment["OS_CLIENT_CONFIG_FILE"].map { [$0] }
        let paths =
            chosen ?? ["./clouds.yaml", "\(home)/.config/openstack/clouds.yaml", "/etc/openstack/clouds.yaml"]
        for path in paths {
            guard let data = FileManager.default.contents(atPath: path) else { continue }
            guard data.count <= 1 << 20, let text = String(validating: data, as: UTF8.self) else {
                throw NovaError(.badRequest, "\(path) is no UTF-8 text of at most 1 MiB.")
            }
            return try CloudsFile(text: text, path: path)
        }
        throw NovaError(.badRequest, "No clouds.yaml found; looked for \(paths.joined(separator: ", ")).")
    }
}
