import NovaCore
import NovaWire

/// Where a role holds.
enum TargetKind: String, WireEnum {
    case project
    case domain
    case system
}

/// A role that a user has in a project, in a domain or on the system.
struct Assignment: Record, Equatable {
    /// The id of the one target of kind `system`.
    static let wholeSystem = "all"

    var userID = UserID("")
    var targetKind = TargetKind.project
    var targetID = ""
    var roleID = RoleID("")

    init() {}
    init(user: UserID, _ kind: TargetKind, _ target: String, role: RoleID) {
        userID = user
        targetKind = kind
        targetID = target
        roleID = role
    }

    mutating func fields<V: FieldVisitor>(_ visitor: inout V) {
        visitor.visit("user_id", &userID)
        visitor.visit("target_kind", &targetKind)
        visitor.visit("target_id", &targetID)
        visitor.visit("role_id", &roleID)
    }
}
