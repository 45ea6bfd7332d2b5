import NovaCore
import NovaPolicy
import NovaSchema

/// A user as a policy would see a token of theirs.
struct PolicySubject: Sendable {
    let caller: PolicyCaller
    /// What belongs to the user and the token's scope.
    let target: [String: String]

    /// Looks the user and the roles up.
    ///
    /// - Throws: ``NovaError`` `notFound` for a name that nothing has, `forbidden` when the session may not look.
    init(
        _ session: CloudSession, user: String, project: String?, domain: String?, _ isSystem: Bool
    ) async throws {
        let found = try await Self.find(session, "users", user)
        let id = found["id"]?.stringValue ?? ""
        var query = [("user.id", id), ("effective", "true"), ("include_names", "true")]
        var attributes = ["user_domain_id": found["domain_id"]?.stringValue ?? ""]
        var target = ["user_id": id]
        var projectID: String?
        if let project {
            let place = try await Self.find(session, "projects", project)
            projectID = place["id"]?.stringValue
            attributes["project_domain_id"] = place["domain_id"]?.stringValue
            attributes["token.project.domain.id"] = place["domain_id"]?.stringValue
            query.append(("scope.project.id", projectID ?? ""))
            target["project_id"] = projectID
        } else if let domain {
            let place = try await Self.find(session, "domains", domain)["id"]?.stringValue ?? ""
            attributes["domain_id"] = place
            attributes["token.domain.id"] = place
            query.append(("scope.domain.id", place))
            target["domain_id"] = place
        } else if isSystem {
            attributes["system_scope"] = "all"
            query.append(("scope.system", "all"))
        }
        var roles: [String] = []
        if project != nil || domain != nil || isSystem {
            let written = try await session.get(.identity, "/role_assignments", query)["role_assignments"]
            roles = Set((written?.arrayValue ?? []).compactMap { $0["role"]?["name"]?.stringValue }).sorted()
        }
        caller = PolicyCaller(
            userID: UserID(id), projectID: projectID.map { ProjectID($0) }, roles: roles,
            isAdmin: roles.contains("admin"), attributes: attributes)
        self.target = target
    }

    private static func find(_ session: CloudSession, _ kind: String, _ name: String) async throws -> JSONValue {
        let named = try await session.get(.identity, "/\(kind)", [("name", name)])[kind]?.arrayValue ?? []
        if named.count == 1, let only = named.first { return only }
        guard named.isEmpty else {
            throw NovaError(.badRequest, "Several \(kind) are called \(name). Use the id.")
        }
        let singular = String(kind.dropLast())
        guard let found = try await session.get(.identity, "/\(kind)/\(name)")[singular] else {
            throw NovaError(.notFound, "There is no \(singular) \(name).")
        }
        return found
    }
}
