public import NovaConfig

/// Who logs in to a Keystone of somebody else: the same options in each section that has them, as keystoneauth names
/// them.
public struct LoginOptions: Sendable {
    public let username: Option<String>
    public let password: Option<String>
    public let projectName: Option<String>
    public let userDomainName: Option<String>
    public let projectDomainName: Option<String>

    /// - Parameter user: what the user is for, as the help of `username` says it.
    init(_ section: String, user: String) {
        username = Option(section, "username", default: "nova", help: user)
        password = Option(section, "password", default: "", help: "That user's password.", secret: true)
        projectName = Option(section, "project_name", default: "service", help: "That user's project.")
        userDomainName = Option(section, "user_domain_name", default: "Default", help: "Domain of that user.")
        projectDomainName = Option(section, "project_domain_name", default: "Default", help: "Domain of that project.")
    }

    /// All of them.
    public var all: [any OptionDeclaration] { [username, password, projectName, userDomainName, projectDomainName] }
}
