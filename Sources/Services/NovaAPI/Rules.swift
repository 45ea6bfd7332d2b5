import NovaHTTP

/// The default policy rules of the Compute API (`spec/policy.md`).
enum Rules {
    static let anyone = "@"
    static let admin = "rule:context_is_admin"
    static let reader = "rule:project_reader_or_admin"
    static let member = "rule:project_member_or_admin"
    static let manager = "rule:project_manager_or_admin"
    static let service = "rule:service_or_admin"
    /// An administrator, or the user whose key pairs they are.
    static let ownUser = "(rule:context_is_admin) or user_id:%(user_id)s"
}

extension Microversion {
    /// A version of the Compute API by its minor number.
    static func v(_ minor: Int) -> Microversion { Microversion(2, minor) }
}
