import NetworkDriver
import NovaCore
import NovaWire

/// A row of `networks`.
struct NetworkRow: Record, Equatable {
    var id = NetworkID.none
    var name = ""
    var projectID = ProjectID("")
    var description = ""
    var adminStateUp = true
    /// Every project may use it.
    var shared = false
    /// What a project without a network of its own gets.
    var isDefault = false
    var mtu: Int64 = 1500
    var bridge = ""
    var createdAt = Timestamp(microseconds: 0)
    var updatedAt = Timestamp(microseconds: 0)
    var revision: Int64 = 1

    init() {}

    mutating func fields<V: FieldVisitor>(_ visitor: inout V) {
        visitor.visit("id", &id)
        visitor.visit("name", &name)
        visitor.visit("project_id", &projectID)
        visitor.visit("description", &description)
        visitor.visit("admin_state_up", &adminStateUp)
        visitor.visit("shared", &shared)
        visitor.visit("is_default", &isDefault)
        visitor.visit("mtu", &mtu)
        visitor.visit("bridge", &bridge)
        visitor.visit("created_at", &createdAt)
        visitor.visit("updated_at", &updatedAt)
        visitor.visit("revision", &revision)
    }
}
