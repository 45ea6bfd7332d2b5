import NovaCore
import NovaDatabase

/// The roles and which of them imply which.
struct RoleGraph {
    let roles: [RoleID: Role]
    private let implied: [RoleID: [RoleID]]

    init(_ connection: Connection) throws {
        roles = Dictionary(try connection.all(Role.self).map { ($0.id, $0) }, uniquingKeysWith: { first, _ in first })
        let rules = try connection.records(
            ImpliedRole.self, from: ImpliedRole.table, suffix: "ORDER BY prior_id, implied_id")
        implied = Dictionary(grouping: rules, by: \.priorID).mapValues { $0.map(\.impliedID) }
    }

    /// Some roles with all that they imply, directly or not.
    func closure<S: Sequence<RoleID>>(of start: S) -> Set<RoleID> {
        var found = Set(start)
        var open = Array(found)
        while let next = open.popLast() {
            for role in implied[next] ?? [] where found.insert(role).inserted { open.append(role) }
        }
        return found
    }

    /// The roles that a token carries for some that are written: with those implied, without roles of domains.
    func effective<S: Sequence<RoleID>>(_ start: S) -> [Role] {
        closure(of: start).compactMap { roles[$0] }.filter(\.isGlobal).sorted { $0.name < $1.name }
    }

    /// The roles that a role implies directly.
    func rules(of prior: RoleID) -> [Role] { (implied[prior] ?? []).compactMap { roles[$0] } }

    /// The roles that imply others.
    var priors: [Role] { implied.keys.compactMap { roles[$0] }.sorted { $0.id < $1.id } }

    /// Whether a role has another one by implication, or is it.
    func implies(_ prior: RoleID, _ other: RoleID) -> Bool { closure(of: [prior]).contains(other) }
}
