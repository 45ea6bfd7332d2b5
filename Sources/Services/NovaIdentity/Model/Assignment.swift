import NovaCore
import NovaWire

/// Who has a role.
enum ActorKind: String, WireEnum {
    case user
    case group
}

/// Where a role holds.
enum TargetKind: String, WireEnum {
    case project
    case domain
    case system
}

/// A place where roles hold: a project, a domain, or the system.
struct RoleTarget: Hashable, Sendable {
    /// The id of the one target of kind `system`.
    static let wholeSystem = RoleTarget(kind: .system, id: "all")

    var kind: TargetKind
    var id: String

    init(kind: TargetKind, id: String) {
        self.kind = kind
        self.id = id
    }

    static func project(_ id: ProjectID) -> RoleTarget { RoleTarget(kind: .project, id: id.text) }
    static func domain(_ id: DomainID) -> RoleTarget { RoleTarget(kind: .domain, id: id.text) }
}

/// A role that a user or a group has in a project, in a domain or on the system.
///
/// An inherited one holds in the projects below its target and not in the target itself.
struct Assignment: Record, Hashable {
    static let table = "role_assignments"
    static let key = ["actor_kind", "actor_id", "target_kind", "target_id", "role_id", "inherited"]

    var actorKind = ActorKind.user
    var actorID = ""
    var targetKind = TargetKind.project
    var targetID = ""
    var roleID = RoleID("")
    var isInherited = false

    init() {}
    init(_ actorKind: ActorKind, _ actorID: String, _ target: RoleTarget, role: RoleID, isInherited: Bool = false) {
        self.actorKind = actorKind
        self.actorID = actorID
        targetKind = target.kind
        targetID = target.id
        roleID = role
        self.isInherited = isInherited
    }

    var target: RoleTarget { RoleTarget(kind: targetKind, id: targetID) }

    mutating func fields<V: FieldVisitor>(_ visitor: inout V) {
        visitor.visit("actor_kind", &actorKind)
        visitor.visit("actor_id", &actorID)
        visitor.visit("target_kind", &targetKind)
        visitor.visit("target_id", &targetID)
        visitor.visit("role_id", &roleID)
        visitor.visit("inherited", &isInherited)
    }
}
