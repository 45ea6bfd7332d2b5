public import NovaCore
public import NovaDatabase
import NovaModel
import NovaWire

/// Limits that operators have set, inside one transaction.
public struct QuotaTable {
    /// Whom a limit is for.
    public enum Scope: Sendable, Hashable {
        /// A quota class; "default" is everybody's.
        case quotaClass(String)
        case project(ProjectID)
        case user(UserID, in: ProjectID)

        var text: String {
            switch self {
            case .quotaClass(let name): "class:\(name)"
            case .project(let project): "project:\(project)"
            case .user(let user, let project): "user:\(project)/\(user)"
            }
        }
    }

    private let connection: Connection

    public init(_ connection: Connection) { self.connection = connection }

    /// The limits of a scope, by resource; -1 is no limit.
    public func limits(of scope: Scope) throws -> [String: Int64] { try limits(of: [scope])[scope] ?? [:] }

    /// The limits of several scopes, in one statement; a scope without limits is absent.
    public func limits(of scopes: [Scope]) throws -> [Scope: [String: Int64]] {
        let byText = Dictionary(scopes.map { ($0.text, $0) }) { a, _ in a }
        let places = Array(repeating: "?", count: scopes.count).joined(separator: ", ")
        let rows = try connection.rows(
            "SELECT scope, resource, hard_limit FROM quotas WHERE scope IN (\(places))", scopes.map { .text($0.text) }
        ) { (scope: try $0.text(0), resource: try $0.text(1), limit: try $0.int(2)) }
        return rows.reduce(into: [:]) { limits, row in
            if let scope = byText[row.scope] { limits[scope, default: [:]][row.resource] = row.limit }
        }
    }

    /// Sets limits of a scope; those that are not named stay.
    public func set(_ limits: [String: Int64], of scope: Scope) throws {
        for (resource, limit) in limits.sorted(by: { $0.key < $1.key }) {
            try connection.execute(
                """
                INSERT INTO quotas (scope, resource, hard_limit) VALUES (?, ?, ?)
                ON CONFLICT (scope, resource) DO UPDATE SET hard_limit = excluded.hard_limit
                """, [.text(scope.text), .text(resource), .integer(limit)])
        }
    }

    /// Forgets the limits of a scope; a project's with those of its users.
    public func clear(_ scope: Scope) throws {
        try connection.execute("DELETE FROM quotas WHERE scope = ?", [.text(scope.text)])
        guard case .project(let project) = scope else { return }
        let prefix = "user:\(project)/"
        try connection.execute(
            "DELETE FROM quotas WHERE substr(scope, 1, ?) = ?", [.integer(Int64(prefix.count)), .text(prefix)])
    }
}
