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
                .get, "/role_assignments", "list_role_assignments", policy: IdentityPolicy.listAssignments,
                target: .request { request in
                    PolicyTarget.value("target.domain_id", request.callerIfAny?.domainID?.text)
                }, "List who has which role where"
            ) { request in
                let query = try AssignmentQuery(request)
                let base = Self.base(request)
                let domain = try request.caller.domainID
                let bodies = try await store.read { connection in
                    var views = try query.run(connection)
                    if let domain { views = try Self.views(views, in: domain, connection) }
                    let names = query.includesNames ? try AssignmentNames(views, connection) : nil
                    return views.map { $0.json(base, names) }
                }
                let links: JSONValue = [
                    "self": .string("\(base)/role_assignments"), "previous": nil, "next": nil,
                ]
                return .json(200, ["role_assignments": .array(bodies), "links": links])
            }
        ]
    }

    /// What the token of a domain shows: roles in that domain and its projects.
    private static func views(
        _ views: [AssignmentView], in domain: DomainID, _ connection: Connection
    ) throws -> [AssignmentView] {
        let projects = Set(
            try connection.rows("SELECT id FROM projects WHERE domain_id = ?", [domain.column]) { try $0.text(0) })
        return views.filter { view in
            switch view.assignment.targetKind {
            case .project: projects.contains(view.assignment.targetID)
            case .domain: view.assignment.targetID == domain.text
            case .system: false
            }
        }
    }
}
