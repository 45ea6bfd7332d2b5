import NovaCore
import NovaDatabase
import NovaHTTP
import NovaInterfaces
import NovaSchema
import NovaWire

extension IdentityAPI {
    private static let schema = JSONSchema.wrapped("project", .anyObject)

    /// `/v3/projects`.
    var projectOperations: [Operation] {
        [
            operation(.get, "/projects", "list_projects", policy: Self.admin, "List projects") { request in
                Self.answer(list: try await store.read { try $0.all(Project.self) }, request)
            },
            operation(
                .post, "/projects", "create_project", policy: Self.admin, body: Self.schema, success: 201,
                "Create a project"
            ) { request in
                let project = try Self.newProject(request)
                try await store.change { connection, _ in
                    _ = try connection.find(Domain.self, project.domainID.text)
                    try connection.add(project, named: project.name)
                }
                return Self.answer(project, request, status: 201)
            },
            operation(
                .get, "/projects/{id}", "get_project", policy: "role:admin or project_id:%(project_id)s",
                "Show a project"
            ) { request in
                let id = Self.parameter("id", request)
                try request.authorize(target: ["project_id": id])
                return Self.answer(try await store.read { try $0.find(Project.self, id) }, request)
            },
            operation(
                .patch, "/projects/{id}", "update_project", policy: Self.admin, body: Self.schema, "Change a project"
            ) { request in
                let id = Self.parameter("id", request)
                let fields = try Fields(request, "project")
                let project = try await store.change { connection, revoker in
                    var project = try connection.find(Project.self, id)
                    let wasEnabled = project.enabled
                    if fields.has("name") { project.name = try fields.name(max: 64) }
                    if fields.has("description") {
                        project.description = try fields.text("description", max: 65_535) ?? ""
                    }
                    project.enabled = try fields.flag("enabled") ?? project.enabled
                    project.tags = try fields.texts("tags") ?? project.tags
                    try connection.save(project, named: project.name)
                    if wasEnabled, !project.enabled { try revoker.revoke(.project, id, in: connection) }
                    return project
                }
                return Self.answer(project, request)
            },
            operation(
                .delete, "/projects/{id}", "delete_project", policy: Self.admin, success: 204, "Delete a project"
            ) { request in
                let id = Self.parameter("id", request)
                try await store.change { connection, revoker in
                    _ = try connection.find(Project.self, id)
                    try connection.execute(
                        "DELETE FROM assignments WHERE target_kind = 'project' AND target_id = ?", [.text(id)])
                    try connection.execute(
                        "UPDATE users SET default_project_id = NULL WHERE default_project_id = ?", [.text(id)])
                    try connection.execute("DELETE FROM projects WHERE id = ?", [.text(id)])
                    try revoker.revoke(.project, id, in: connection)
                }
                return .empty(204)
            },
        ]
    }

    private static func newProject(_ request: APIRequest) throws -> Project {
        let fields = try Fields(request, "project")
        guard try fields.flag("is_domain") != true else {
            throw NovaError(.badRequest, "A project that acts as a domain cannot be created. Create a domain instead.")
        }
        var project = Project()
        project.id = .random()
        project.name = try fields.name(max: 64)
        project.domainID = try domain(fields, request)
        project.parentID = project.domainID.text
        if let parent = try fields.text("parent_id", max: 64), parent != project.parentID {
            throw NovaError(.badRequest, "Projects do not nest: parent_id can only be the id of the project's domain.")
        }
        project.description = try fields.text("description", max: 65_535) ?? ""
        project.enabled = try fields.flag("enabled") ?? true
        project.tags = try fields.texts("tags") ?? []
        return project
    }

    /// The domain that a new user or project goes to: the one named, else the caller's.
    static func domain(_ fields: Fields, _ request: APIRequest) throws -> DomainID {
        if let id = try fields.text("domain_id", max: 64) { return DomainID(id) }
        return try request.caller.userDomainID
    }
}
