import NovaWire
import NovaSchema
import NovaCore
import NovaDatabase
import NovaHTTP

/// What a rule is compared with, as Keystone names it (`target.user.domain_id`).
struct PolicyTarget: Sendable {
    private(set) var values: [String: String] = [:]

    /// Reads a target in one read of the database.
    typealias Loader = @Sendable (APIRequest, Connection) throws -> PolicyTarget

    /// How an operation finds out what its rule is compared with.
    enum Source: Sendable {
        /// Nothing beside the caller's own ids.
        case caller
        case request(@Sendable (APIRequest) async throws -> PolicyTarget)
        case rows(Loader)
    }

    /// The domain that a list is of: the filter's, else that of a domain's token.
    static let listedDomain = Source.request { request in
        var target = PolicyTarget()
        if let domain = request.query("domain_id") ?? request.callerIfAny?.domainID?.text {
            target.values["target.domain_id"] = domain
            target.values["target.domain.id"] = domain
        }
        return target
    }

    /// The things that parameters of the path name; those that do not exist are left out, and only whoever may see
    /// them all is told so.
    static func path(
        user: String? = nil, project: String? = nil, domain: String? = nil, group: String? = nil, role: String? = nil
    ) -> Source {
        .rows { request, connection in
            var target = PolicyTarget()
            func id(_ name: String?) -> String? { name.flatMap { request.parameters[$0] } }
            if let id = id(user) {
                target.values["user_id"] = id
                target.values["target.user.id"] = id
                target.add("user", domain: try connection.present(User.self, id)?.domainID.text)
            }
            if let id = id(project) {
                target.values["target.project.id"] = id
                target.add("project", domain: try connection.present(Project.self, id)?.domainID.text)
            }
            if let id = id(domain), try connection.present(Domain.self, id) != nil {
                target.values["target.domain.id"] = id
            }
            if let id = id(group) {
                target.values["target.group.id"] = id
                target.add("group", domain: try connection.present(Group.self, id)?.domainID.text)
            }
            if let id = id(role), let role = try connection.present(Role.self, id) {
                target.values["target.role.id"] = id
                target.values["target.role.name"] = role.name
                target.values["target.role.domain_id"] = role.isGlobal ? "None" : role.domainID
            }
            return target
        }
    }

    /// The owner of what is in the body, such as a new user's domain.
    static func body(_ kind: String) -> Source {
        .request { request in
            var target = PolicyTarget()
            let domain =
                request.body[kind]?["domain_id"]?.stringValue ?? request.callerIfAny?.domainID?.text
                ?? request.callerIfAny?.projectDomainID.text
            target.add(kind, domain: domain)
            return target
        }
    }

    /// One value of its own.
    static func value(_ name: String, _ value: String?) -> PolicyTarget {
        var target = PolicyTarget()
        if let value { target.values[name] = value }
        return target
    }

    /// Sets the user that a path names.
    mutating func add(user id: String) { values["user_id"] = id }

    private mutating func add(_ kind: String, domain: String?) {
        if let domain { values["target.\(kind).domain_id"] = domain }
    }
}

extension Connection {
    /// The resource of an id, nil when there is none.
    func present<R: Resource>(_ type: R.Type, _ id: String) throws -> R? {
        try record(R.self, from: R.table, where: "id = ?", [.text(id)])
    }
}
