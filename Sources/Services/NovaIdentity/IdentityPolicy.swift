/// Keystone's rules: those that others build upon, and the checks that several operations share.
enum IdentityPolicy {
    static let base: [String: String] = [
        "admin_required": "role:admin or is_admin:1",
        "service_role": "role:service",
        "service_or_admin": "rule:admin_required or rule:service_role",
        "owner": "user_id:%(user_id)s",
        "admin_or_owner": "rule:admin_required or rule:owner",
        "token_subject": "user_id:%(target.token.user_id)s",
        "admin_or_token_subject": "rule:admin_required or rule:token_subject",
        "service_admin_or_token_subject": "rule:service_or_admin or rule:token_subject",
        "domain_managed_target_role":
            "'manager':%(target.role.name)s or 'member':%(target.role.name)s or 'reader':%(target.role.name)s",
    ]

    static let anyone = "@"
    static let admin = "rule:admin_required"
    static let systemReader = "rule:admin_required or (role:reader and system_scope:all)"

    private static let reader = "(rule:admin_required) or (role:reader and system_scope:all)"

    static let listInDomain = "\(reader) or (role:reader and domain_id:%(target.domain_id)s)"
    static let listAssignments =
        "\(reader) or (role:reader and domain_id:%(target.domain_id)s and not None:%(target.domain_id)s)"

    static let getDomain =
        "\(systemReader) or token.domain.id:%(target.domain.id)s or token.project.domain.id:%(target.domain.id)s"
    static let listDomains = "\(systemReader) or (role:reader and domain_id:%(target.domain.id)s)"

    private static let inProjectsDomain =
        "domain_id:%(target.project.domain_id)s and not None:%(target.project.domain_id)s"
    static let getProject =
        "\(reader) or (role:reader and \(inProjectsDomain)) or project_id:%(target.project.id)s"
    static let changeProject = "(rule:admin_required) or (role:manager and \(inProjectsDomain))"

    static let getUser =
        "\(reader) or (role:reader and token.domain.id:%(target.user.domain_id)s) or user_id:%(target.user.id)s"
    static let changeUser = "(rule:admin_required) or (role:manager and token.domain.id:%(target.user.domain_id)s)"
    static let listUserProjects =
        "\(reader) or (role:reader and domain_id:%(target.user.domain_id)s) or user_id:%(target.user.id)s"
    static let listUserGroups =
        "\(reader) or (role:reader and domain_id:%(target.user.domain_id)s) or user_id:%(user_id)s"

    static let getGroup = "\(reader) or (role:reader and domain_id:%(target.group.domain_id)s)"
    static let changeGroup = "(rule:admin_required) or (role:manager and domain_id:%(target.group.domain_id)s)"
    static let checkMember =
        "\(reader) or (role:reader and domain_id:%(target.group.domain_id)s and domain_id:%(target.user.domain_id)s)"
    static let changeMember =
        "(rule:admin_required) or (role:manager and domain_id:%(target.group.domain_id)s and "
        + "domain_id:%(target.user.domain_id)s)"

    static let getRole =
        "(rule:admin_required or (role:reader and system_scope:all)) or (role:manager and "
        + "rule:domain_managed_target_role)"
    static let listRoles =
        "(rule:admin_required or (role:reader and system_scope:all)) or (role:manager and not domain_id:None)"

    /// Both the actor and the target in the caller's domain, with a role.
    private static func inOneDomain(_ role: String) -> String {
        [("user", "project.domain_id"), ("user", "domain.id"), ("group", "project.domain_id"), ("group", "domain.id")]
            .map { actor, target in
                "(role:\(role) and domain_id:%(target.\(actor).domain_id)s and domain_id:%(target.\(target))s)"
            }.joined(separator: " or ")
    }
    private static let roleOfDomain = "(domain_id:%(target.role.domain_id)s or None:%(target.role.domain_id)s)"
    static let listGrants = "(rule:admin_required) or ((role:reader and system_scope:all) or \(inOneDomain("reader")))"
    static let checkGrant =
        "(rule:admin_required) or ((role:reader and system_scope:all) or (\(inOneDomain("reader"))) and \(roleOfDomain))"
    static let changeGrant =
        "(rule:admin_required) or (\(inOneDomain("admin"))) and \(roleOfDomain) or (\(inOneDomain("manager"))) and "
        + "rule:domain_managed_target_role"

    static let validateToken =
        "\(systemReader) or rule:service_role or rule:token_subject"
    static let checkToken = "\(systemReader) or rule:token_subject"
    static let revokeToken = "rule:admin_required or rule:token_subject"

    static let readApplicationCredentials = "\(reader) or rule:owner"
    static let createApplicationCredential = "user_id:%(user_id)s"
    static let deleteApplicationCredential = "rule:admin_or_owner"
    static let readAccessRules = "(role:reader and system_scope:all) or user_id:%(target.user.id)s"
    static let deleteAccessRule = "(role:admin and system_scope:all) or user_id:%(target.user.id)s"

    static let readCredential = "\(reader) or user_id:%(target.credential.user_id)s"
    static let changeCredential = "(rule:admin_required) or user_id:%(target.credential.user_id)s"
    static let changeEC2Credential = "(rule:admin_required) or (role:member and user_id:%(target.credential.user_id)s)"

    static let getLimit =
        "\(systemReader) or (domain_id:%(target.limit.domain.id)s or domain_id:%(target.limit.project.domain_id)s) or "
        + "(project_id:%(target.limit.project_id)s and not None:%(target.limit.project_id)s)"
}
