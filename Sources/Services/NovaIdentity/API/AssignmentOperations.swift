import NovaCore
import NovaDatabase
import NovaHTTP
import NovaSchema
import NovaWire

extension IdentityAPI {
    /// `/v3/role_assignments`.
    var assignmentOperations: [Operation] {
        [
            operation(
                .get, "/role_assignments", "list_role_assignments", policy: Self.adminOrSelf,
                "List who has which role where"
            ) { request in
                try request.authorize(target: request.query("user.id").map { ["user_id": $0] } ?? [:])
                let query = AssignmentQuery(request)
                let base = Self.base(request)
                let bodies = try await store.read { connection in
                    // Groups do not exist, so none has a role.
                    guard request.query("group.id") == nil else { return [JSONValue]() }
                    let names = query.includesNames ? try AssignmentNames(connection) : nil
                    return try query.run(connection).map { $0.json(base, names) }
                }
                return Self.answer(list: bodies, named: "role_assignments", request)
            }
        ]
    }
}

/// The filters of a list of assignments.
private struct AssignmentQuery: Sendable {
    private var conditions: [String] = []
    private var values: [ColumnValue] = []
    let includesNames: Bool

    init(_ request: APIRequest) {
        func isSet(_ name: String) -> Bool {
            guard let value = request.query(name) else { return false }
            return !["0", "false"].contains(value.lowercased())
        }
        includesNames = isSet("include_names")
        add("user_id = ?", request.query("user.id"))
        add("role_id = ?", request.query("role.id"))
        add("target_kind = 'project' AND target_id = ?", request.query("scope.project.id"))
        add("target_kind = 'domain' AND target_id = ?", request.query("scope.domain.id"))
        if isSet("scope.system") || isSet("scope.system.all") { conditions.append("target_kind = 'system'") }
        // Inheritance of roles does not exist.
        if request.query("scope.OS-INHERIT:inherited_to") != nil { conditions.append("FALSE") }
    }

    private mutating func add(_ condition: String, _ value: String?) {
        guard let value else { return }
        conditions.append(condition)
        values.append(.text(value))
    }

    func run(_ connection: Connection) throws -> [Assignment] {
        let clause = conditions.isEmpty ? "TRUE" : conditions.joined(separator: " AND ")
        return try connection.records(
            Assignment.self, from: "assignments", where: clause, values,
            suffix: "ORDER BY user_id, target_kind, target_id, role_id")
    }
}

/// The names that belong to the ids of assignments.
private struct AssignmentNames {
    let domains: [String: Domain]
    let users: [String: User]
    let projects: [String: Project]
    let roles: [String: Role]

    init(_ connection: Connection) throws {
        func index<R: Resource>(_ type: R.Type) throws -> [String: R] {
            Dictionary(try connection.all(type).map { ($0.key, $0) }, uniquingKeysWith: { first, _ in first })
        }
        domains = try index(Domain.self)
        users = try index(User.self)
        projects = try index(Project.self)
        roles = try index(Role.self)
    }
}

extension Assignment {
    /// The body of one; with names when they are given.
    fileprivate func json(_ base: String, _ names: AssignmentNames?) -> JSONValue {
        var role: JSONObject = ["id": .string(roleID.text)]
        var user: JSONObject = ["id": .string(userID.text)]
        var target: JSONObject = ["id": .string(targetID)]
        if let names {
            role["name"] = JSONValue(names.roles[roleID.text]?.name)
            let known = names.users[userID.text]
            user["name"] = JSONValue(known?.name)
            user["domain"] = known.flatMap { names.domains[$0.domainID.text]?.reference }
            if let project = names.projects[targetID], targetKind == .project {
                target["name"] = .string(project.name)
                target["domain"] = names.domains[project.domainID.text]?.reference
            } else if targetKind == .domain {
                target["name"] = JSONValue(names.domains[targetID]?.name)
            }
        }
        let scope: JSONValue =
            switch targetKind {
            case .project: ["project": .object(target)]
            case .domain: ["domain": .object(target)]
            case .system: ["system": ["all": true]]
            }
        let place = targetKind == .system ? "system" : "\(targetKind.rawValue)s/\(targetID)"
        return [
            "role": .object(role), "user": .object(user), "scope": scope,
            "links": ["assignment": .string("\(base)/\(place)/users/\(userID)/roles/\(roleID)")],
        ]
    }
}
