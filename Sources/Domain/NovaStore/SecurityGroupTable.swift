public import NovaCore
public import NovaDatabase
public import NovaModel
import NovaWire

/// Security groups, inside one transaction.
public struct SecurityGroupTable {
    private let connection: Connection

    public init(_ connection: Connection) { self.connection = connection }

    /// The groups of a project, or of all, oldest first.
    public func list(of project: ProjectID?) throws -> [SecurityGroup] {
        guard let project else {
            return try connection.records(
                SecurityGroup.self, from: "security_groups", suffix: "ORDER BY created_at, id")
        }
        return try connection.records(
            SecurityGroup.self, from: "security_groups", where: "project_id = ?", [project.column],
            suffix: "ORDER BY created_at, id")
    }

    public func find(_ id: SecurityGroupID) throws -> SecurityGroup? {
        try connection.record(SecurityGroup.self, from: "security_groups", where: "id = ?", [id.column])
    }

    /// The group that has a rule.
    public func owner(ofRule id: SecurityGroupID, in project: ProjectID?) throws -> SecurityGroup? {
        try list(of: project).first { $0.rules.contains { $0.id == id } }
    }

    public func insert(_ group: SecurityGroup) throws { try connection.insert(group, into: "security_groups") }

    public func update(_ group: SecurityGroup) throws {
        try connection.update(group, in: "security_groups", key: "id")
    }

    /// Whether there was one to delete.
    public func delete(_ id: SecurityGroupID) throws -> Bool {
        try connection.execute("DELETE FROM security_groups WHERE id = ?", [id.column]) > 0
    }

    /// Makes a project's default group unless it has one: all may go out, members may come in.
    public func ensureDefault(of project: ProjectID, at time: Timestamp = .now()) throws {
        guard try !list(of: project).contains(where: { $0.name == SecurityGroup.defaultName }) else { return }
        var group = SecurityGroup()
        group.id = .random()
        group.projectID = project
        group.name = SecurityGroup.defaultName
        group.text = "Default security group"
        group.createdAt = time
        var rule = SecurityGroupRule()
        rule.id = .random()
        rule.groupID = group.id
        group.rules = [rule]
        try insert(group)
    }
}
