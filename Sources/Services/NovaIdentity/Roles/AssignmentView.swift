import NovaCore
import NovaDatabase
import NovaHTTP
import NovaSchema
import NovaWire

/// One line of a list of role assignments: as written, or as it takes effect for one user.
struct AssignmentView: Hashable {
    var assignment: Assignment
    /// The group through which the user has the role.
    var group: String?
    /// What is written, when that holds for another place.
    var source: Assignment?
    /// The role that implies this one.
    var prior: RoleID?

    init(_ assignment: Assignment) { self.assignment = assignment }

    /// The body of one; with names when they are given.
    func json(_ base: String, _ names: AssignmentNames?) -> JSONValue {
        let written = source ?? assignment
        var role: JSONObject = ["id": .string(assignment.roleID.text)]
        var actor: JSONObject = ["id": .string(assignment.actorID)]
        var target: JSONObject = ["id": .string(assignment.targetID)]
        if let names {
            names.fill(&role, with: names.roles[assignment.roleID.text])
            switch assignment.actorKind {
            case .user: names.fill(&actor, with: names.users[assignment.actorID])
            case .group: names.fill(&actor, with: names.groups[assignment.actorID])
            }
            switch assignment.targetKind {
            case .project: names.fill(&target, with: names.projects[assignment.targetID])
            case .domain: target["name"] = JSONValue(names.domains[assignment.targetID]?.name)
            case .system: break
            }
        }
        var scope: JSONObject =
            switch assignment.targetKind {
            case .project: ["project": .object(target)]
            case .domain: ["domain": .object(target)]
            case .system: ["system": ["all": true]]
            }
        if written.isInherited { scope["OS-INHERIT:inherited_to"] = "projects" }
        var links: JSONObject = ["assignment": .string(link(base, written))]
        if let group { links["membership"] = .string("\(base)/groups/\(group)/users/\(assignment.actorID)") }
        if let prior { links["prior_role"] = .string("\(base)/roles/\(prior)") }
        return [
            "role": .object(role), assignment.actorKind.rawValue: .object(actor), "scope": .object(scope),
            "links": .object(links),
        ]
    }

    private func link(_ base: String, _ written: Assignment) -> String {
        let place =
            written.targetKind == .system ? "system" : "\(written.targetKind.rawValue)s/\(written.targetID)"
        let actor = group.map { "groups/\($0)" } ?? "\(written.actorKind.rawValue)s/\(written.actorID)"
        let role = prior ?? written.roleID
        return written.isInherited
            ? "\(base)/OS-INHERIT/\(place)/\(actor)/roles/\(role)/inherited_to_projects"
            : "\(base)/\(place)/\(actor)/roles/\(role)"
    }
}

/// The names that belong to the ids of assignments.
struct AssignmentNames {
    /// A name, and the domain it is in.
    struct Name {
        var name: String
        var domain: String?
    }

    let domains: [String: Domain]
    let users: [String: Name]
    let groups: [String: Name]
    let projects: [String: Name]
    let roles: [String: Name]

    /// Reads the names of what some assignments name.
    init(_ views: [AssignmentView], _ connection: Connection) throws {
        func index<R: Resource>(_ type: R.Type, _ ids: Set<String>, _ name: (R) -> Name) throws -> [String: Name] {
            var names: [String: Name] = [:]
            // A few are looked up, many are read together.
            if ids.count > 50 {
                for found in try connection.all(type) where ids.contains(found.key) { names[found.key] = name(found) }
            } else {
                for id in ids { names[id] = try connection.present(type, id).map(name) }
            }
            return names
        }
        func actors(_ kind: ActorKind) -> Set<String> {
            Set(views.lazy.map(\.assignment).filter { $0.actorKind == kind }.map(\.actorID))
        }
        domains = Dictionary(
            try connection.all(Domain.self).map { ($0.key, $0) }, uniquingKeysWith: { first, _ in first })
        users = try index(User.self, actors(.user)) { Name(name: $0.name, domain: $0.domainID.text) }
        groups = try index(Group.self, actors(.group)) { Name(name: $0.name, domain: $0.domainID.text) }
        let targets = views.lazy.map(\.assignment).filter { $0.targetKind == .project }.map(\.targetID)
        projects = try index(Project.self, Set(targets)) { Name(name: $0.name, domain: $0.domainID.text) }
        roles = try index(Role.self, Set(views.map(\.assignment.roleID.text))) {
            Name(name: $0.name, domain: $0.isGlobal ? nil : $0.domainID)
        }
    }

    fileprivate func fill(_ body: inout JSONObject, with name: Name?) {
        guard let name else { return }
        body["name"] = .string(name.name)
        if let domain = name.domain.flatMap({ domains[$0] }) { body["domain"] = domain.reference }
    }
}
