import NovaCore
import NovaDatabase
import NovaHTTP
import NovaSchema

/// What a request wants to see of the tree around a project, and the rules that keep the tree whole.
struct ProjectTree {
    private let parentsAsList: Bool
    private let parentsAsIDs: Bool
    private let subtreeAsList: Bool
    private let subtreeAsIDs: Bool

    /// - Throws: ``NovaError`` `badRequest` when lists and ids are asked for at once.
    init(_ request: APIRequest) throws {
        func isSet(_ name: String) -> Bool {
            guard let value = request.query(name) else { return false }
            return !["0", "false", "no", "off"].contains(value.lowercased())
        }
        parentsAsList = isSet("parents_as_list")
        parentsAsIDs = isSet("parents_as_ids")
        subtreeAsList = isSet("subtree_as_list")
        subtreeAsIDs = isSet("subtree_as_ids")
        guard !(parentsAsList && parentsAsIDs) else {
            throw NovaError(.badRequest, "Cannot use parents_as_list and parents_as_ids query params at the same time.")
        }
        guard !(subtreeAsList && subtreeAsIDs) else {
            throw NovaError(.badRequest, "Cannot use subtree_as_list and subtree_as_ids query params at the same time.")
        }
    }

    /// The body of a project with what was asked for.
    func body(of project: Project, _ base: String, _ connection: Connection) throws -> JSONValue {
        var body = project.json(base).objectValue ?? [:]
        if parentsAsList {
            body["parents"] = .array(try connection.ancestors(of: project).map { $0.body(base) })
        } else if parentsAsIDs {
            // From the inside out: {parent: {its parent: {domain: null}}}.
            let ids = try connection.ancestors(of: project).map(\.id.text) + [project.domainID.text]
            body["parents"] = ids.reversed().reduce(JSONValue.null) { inner, id in .object([id: inner]) }
        }
        if subtreeAsList {
            body["subtree"] = .array(try connection.descendants(of: project).map { $0.body(base) })
        } else if subtreeAsIDs {
            let children = Dictionary(grouping: try connection.descendants(of: project), by: \.parentID)
            body["subtree"] = Self.ids(below: project.id.text, children)
        }
        return .object(body)
    }

    private static func ids(below id: String, _ children: [String: [Project]]) -> JSONValue {
        guard let below = children[id] else { return .null }
        return .object(JSONObject(below.map { ($0.id.text, ids(below: $0.id.text, children)) }))
    }

    /// Throws when nothing may be made below a project.
    static func check(_ parent: Project, depth: Int, _ connection: Connection) throws {
        let above = try connection.ancestors(of: parent)
        guard ([parent] + above).allSatisfy(\.enabled) else {
            throw IdentityAPI.forbidden("cannot create a project in a branch containing a disabled project")
        }
        // The parent, what is above it, the domain, and the new project.
        guard above.count + 3 <= depth else {
            throw IdentityAPI.forbidden("Max hierarchy depth reached for \(parent.id) branch.")
        }
    }

    /// Throws when a project cannot be enabled or disabled for the sake of those around it.
    static func check(change project: Project, _ connection: Connection) throws {
        if project.enabled {
            guard try connection.ancestors(of: project).allSatisfy(\.enabled) else {
                throw IdentityAPI.forbidden("cannot enable project \(project.id) since it has disabled parents")
            }
        } else {
            guard try !connection.descendants(of: project).contains(where: \.enabled) else {
                throw IdentityAPI.forbidden(
                    "cannot disable project \(project.id) since its subtree contains enabled projects")
            }
        }
    }
}
