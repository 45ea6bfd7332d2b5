import NovaCore
import NovaDatabase
import NovaHTTP
import NovaSchema
import NovaWire

extension IdentityAPI {
    /// `/v3/projects/{id}/tags`.
    var projectTagOperations: [Operation] {
        let here = PolicyTarget.path(project: "id")
        let one = "/projects/{id}/tags/{tag}"
        return [
            operation(
                .get, "/projects/{id}/tags", "list_project_tags", policy: IdentityPolicy.getProject, target: here,
                "List the tags of a project"
            ) { request in
                let id = Self.parameter("id", request)
                let tags = try await store.read { try $0.find(Project.self, id).tags }
                return Self.answer(tags: tags, request)
            },
            operation(
                .put, "/projects/{id}/tags", "update_project_tags", policy: IdentityPolicy.changeProject,
                body: .object(additional: true), target: here, "Replace the tags of a project"
            ) { request in
                guard let tags = try Fields(object: request.body).tags("tags") else {
                    throw NovaError(.badRequest, "'tags' is a required property")
                }
                try await change(request) { $0 = tags }
                return Self.answer(tags: tags, request)
            },
            operation(
                .delete, "/projects/{id}/tags", "delete_project_tags", policy: IdentityPolicy.changeProject,
                success: 204, target: here, "Remove the tags of a project"
            ) { request in
                try await change(request) { $0 = [] }
                return .empty(204)
            },
            operation(
                .get, one, "get_project_tag", policy: IdentityPolicy.getProject, success: 204, target: here,
                "Check whether a project has a tag"
            ) { request in
                let (id, tag) = (Self.parameter("id", request), Self.parameter("tag", request))
                guard try await store.read({ try $0.find(Project.self, id).tags.contains(tag) }) else {
                    throw Self.noTag(tag)
                }
                return .empty(204)
            },
            operation(
                .put, one, "create_project_tag", policy: IdentityPolicy.changeProject, success: 201, target: here,
                "Add a tag to a project"
            ) { request in
                let tag = Self.parameter("tag", request)
                try Fields.check(tag: tag)
                try await change(request) { tags in
                    guard !tags.contains(tag) else {
                        throw NovaError(.badRequest, "The project has the tag \(tag) already.")
                    }
                    guard tags.count < Fields.mostTags else {
                        throw NovaError(.badRequest, "A project has at most \(Fields.mostTags) tags.")
                    }
                    tags.append(tag)
                }
                let url = "\(Self.base(request))/projects/\(Self.parameter("id", request))/tags/\(tag)"
                return .empty(201, headers: [("Location", url)])
            },
            operation(
                .delete, one, "delete_project_tag", policy: IdentityPolicy.changeProject, success: 204, target: here,
                "Remove a tag from a project"
            ) { request in
                let tag = Self.parameter("tag", request)
                try await change(request) { tags in
                    guard let position = tags.firstIndex(of: tag) else { throw Self.noTag(tag) }
                    tags.remove(at: position)
                }
                return .empty(204)
            },
        ]
    }

    private func change(
        _ request: APIRequest, _ edit: @escaping @Sendable (inout [String]) throws -> Void
    ) async throws {
        let id = Self.parameter("id", request)
        try await store.change { connection, _ in
            var project = try connection.find(Project.self, id)
            try Immutable.check(project.options, after: project.options, "project", id)
            try edit(&project.tags)
            try connection.save(project, named: project.name)
        }
    }

    private static func answer(tags: [String], _ request: APIRequest) -> APIResponse {
        let url = "\(base(request))/projects/\(parameter("id", request))/tags"
        return .json(
            200, ["tags": JSONValue(tags), "links": ["self": .string(url), "previous": nil, "next": nil]])
    }

    private static func noTag(_ tag: String) -> NovaError {
        NovaError(.notFound, "Could not find project tag: \(tag.prefix(255)).")
    }
}

/// The filters of a list by tags: all of some, any of some, not all, none.
struct TagFilter: Sendable {
    static let names: Set<String> = ["tags", "tags-any", "not-tags", "not-tags-any"]

    private let lists: [String: Set<String>]

    init(_ request: APIRequest) {
        var lists: [String: Set<String>] = [:]
        for (name, value) in request.query where Self.names.contains(name) {
            lists[name] = Set(value.split(separator: ",").map(String.init))
        }
        self.lists = lists
    }

    func matches(_ tags: [String]) -> Bool {
        let tags = Set(tags)
        return lists.allSatisfy { name, wanted in
            switch name {
            case "tags": wanted.isSubset(of: tags)
            case "tags-any": !wanted.isDisjoint(with: tags)
            case "not-tags": !wanted.isSubset(of: tags)
            default: wanted.isDisjoint(with: tags)
            }
        }
    }
}
