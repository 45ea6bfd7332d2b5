import NovaCore
import NovaDatabase
import NovaHTTP
import NovaInterfaces
import NovaSchema
import NovaWire

extension IdentityAPI {
    private static let schema = JSONSchema.wrapped("project", .anyObject)
    private static let known: Set<String> = [
        "name", "domain_id", "parent_id", "description", "enabled", "is_domain", "tags", "options",
    ]

    /// `/v3/projects`.
    ///
    /// A domain is also a project at the top of the tree, with the same id.
    var projectOperations: [Operation] {
        let here = PolicyTarget.path(project: "id")
        return [
            operation(
                .get, "/projects", "list_projects", policy: IdentityPolicy.listInDomain,
                target: PolicyTarget.listedDomain, "List projects"
            ) { request in
                try await listProjects(request)
            },
            operation(
                .post, "/projects", "create_project", policy: IdentityPolicy.changeProject, body: Self.schema,
                success: 201, target: PolicyTarget.body("project"), "Create a project"
            ) { request in
                let fields = try Fields(request, "project")
                if try fields.flag("is_domain") == true {
                    let domain = try await createDomain(fields)
                    return .json(201, ["project": domain.projectJSON(Self.base(request))])
                }
                return Self.answer(try await createProject(fields, request), request, status: 201)
            },
            operation(
                .get, "/projects/{id}", "get_project", policy: IdentityPolicy.getProject, target: here,
                "Show a project"
            ) { request in
                let (id, base) = (Self.parameter("id", request), Self.base(request))
                let body = try await store.read { connection -> JSONValue in
                    if let project = try connection.present(Project.self, id) {
                        return try ProjectTree(request).body(of: project, base, connection)
                    }
                    guard let domain = try connection.present(Domain.self, id) else { throw Project.missing(id) }
                    return domain.projectJSON(base)
                }
                return .json(200, ["project": body])
            },
            operation(
                .patch, "/projects/{id}", "update_project", policy: IdentityPolicy.changeProject, body: Self.schema,
                target: here, "Change a project"
            ) { request in
                let id = Self.parameter("id", request)
                let fields = try Fields(request, "project")
                if try await store.read({ try $0.present(Domain.self, id) }) != nil {
                    let domain = try await updateDomain(id, fields)
                    return .json(200, ["project": domain.projectJSON(Self.base(request))])
                }
                return Self.answer(try await update(id, fields), request)
            },
            operation(
                .delete, "/projects/{id}", "delete_project", policy: IdentityPolicy.changeProject, success: 204,
                target: here, "Delete a project"
            ) { request in
                let id = Self.parameter("id", request)
                if try await store.read({ try $0.present(Domain.self, id) }) != nil {
                    try await deleteDomain(id)
                } else {
                    try await delete(id)
                }
                return .empty(204)
            },
        ]
    }

    private func listProjects(_ request: APIRequest) async throws -> APIResponse {
        let base = Self.base(request)
        let tags = TagFilter(request)
        if let text = request.query("is_domain"), !["false", "0", "no", "off"].contains(text.lowercased()) {
            let domains = try await store.read { try $0.all(Domain.self) }
            return try Self.answer(list: domains.map { $0.projectJSON(base) }, named: Project.plural, request)
        }
        let projects = try await list(Project.self, request).filter { tags.matches($0.tags) }
        let bodies = try Self.visible(projects, request, \.domainID).map { $0.json(base) }
        // The filters of tags are no equality of the whole list.
        let filter = ListFilter(request.query.filter { !TagFilter.names.contains($0.name) })
        return try ListPage(request).answer(bodies.filter(filter.matches), named: Project.plural)
    }

    private func createProject(_ fields: Fields, _ request: APIRequest) async throws -> Project {
        var project = Project()
        project.id = .random()
        project.name = try fields.name(max: 64)
        project.description = try fields.text("description", max: 65_535) ?? ""
        project.enabled = try fields.flag("enabled") ?? true
        project.tags = try fields.tags("tags") ?? []
        project.options.object = try fields.merged(into: [:])
        project.extra.object = try fields.extra(besides: Self.known)
        let parent = try fields.text("parent_id", max: 64)
        let named = try fields.text("domain_id", max: 64)
        let own = try request.caller
        let (new, depth) = (project, settings.treeDepth)
        return try await store.change { connection, _ in
            var project = new
            if let parent, let above = try connection.present(Project.self, parent) {
                guard named == nil || named == above.domainID.text else {
                    throw NovaError(
                        .badRequest, "Cannot create project, the parent (\(parent)) is in another domain.")
                }
                try ProjectTree.check(above, depth: depth, connection)
                project.domainID = above.domainID
                project.parentID = parent
            } else {
                let domain = parent ?? named ?? own.domainID?.text ?? own.projectDomainID.text
                guard named == nil || named == domain else {
                    throw NovaError(.badRequest, "Cannot create a project: there is no project \(domain) there.")
                }
                guard let realm = try connection.present(Domain.self, domain), realm.enabled else {
                    throw NovaError(
                        .badRequest, "Cannot create a project: there is no enabled project or domain \(domain).")
                }
                project.domainID = DomainID(domain)
                project.parentID = domain
            }
            try connection.add(project, named: project.name)
            return project
        }
    }

    private func update(_ id: String, _ fields: Fields) async throws -> Project {
        let extra = try fields.extra(besides: Self.known)
        return try await store.change { connection, revoker in
            var project = try connection.find(Project.self, id)
            let before = project
            if let parent = try fields.text("parent_id", max: 64), parent != project.parentID {
                throw NovaError(.forbidden, "Update of `parent_id` is not allowed.")
            }
            if let domain = try fields.text("domain_id", max: 64), domain != project.domainID.text {
                throw NovaError(.badRequest, "Cannot change domain_id of a project.")
            }
            if try fields.flag("is_domain") == true {
                throw NovaError(.badRequest, "Update of `is_domain` is not allowed.")
            }
            if fields.has("name") { project.name = try fields.name(max: 64) }
            if fields.has("description") { project.description = try fields.text("description", max: 65_535) ?? "" }
            project.enabled = try fields.flag("enabled") ?? project.enabled
            project.tags = try fields.tags("tags") ?? project.tags
            project.options.object = try fields.merged(into: project.options.object)
            for (name, value) in extra { project.extra.object[name] = value }
            try Immutable.check(before.options, after: project.options, "project", id)
            if before.enabled != project.enabled { try ProjectTree.check(change: project, connection) }
            try connection.save(project, named: project.name)
            if before.enabled, !project.enabled { try revoker.revoke(.project, id, in: connection) }
            return project
        }
    }

    private func delete(_ id: String) async throws {
        try await store.change { connection, revoker in
            let project = try connection.find(Project.self, id)
            try Immutable.check(project.options, "project", id)
            guard try connection.descendants(of: project).isEmpty else {
                throw Self.forbidden(
                    "cannot delete the project \(id) since it is not a leaf in the hierarchy")
            }
            try connection.forgetAssignments(at: .project(project.id))
            try connection.execute("DELETE FROM application_credentials WHERE project_id = ?", [.text(id)])
            try connection.execute("DELETE FROM credentials WHERE project_id = ?", [.text(id)])
            try connection.execute("DELETE FROM limits WHERE project_id = ?", [.text(id)])
            try connection.execute(
                "UPDATE users SET default_project_id = NULL WHERE default_project_id = ?", [.text(id)])
            try connection.execute("DELETE FROM projects WHERE id = ?", [.text(id)])
            try revoker.revoke(.project, id, in: connection)
        }
    }

    /// The domain that a new user or group goes to: the one named, else that of the caller's token.
    static func domain(_ fields: Fields, _ request: APIRequest) throws -> DomainID {
        if let id = try fields.text("domain_id", max: 64) { return DomainID(id) }
        let caller = try request.caller
        return caller.domainID ?? (caller.projectID == nil ? Bootstrap.defaultDomain : caller.projectDomainID)
    }
}
