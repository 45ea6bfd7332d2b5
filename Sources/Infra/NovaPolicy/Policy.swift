import NovaCore

/// The rules that say who may do what, in the oslo.policy language: deny by default.
///
/// Each operation brings its default rule; a file overrides some of them.
public struct Policy: Sendable {
    private var rules: [String: PolicyCheck]
    private let overridden: Set<String>

    /// The rules that others build upon, as Nova names them.
    public static let baseRules: [String: String] = [
        "context_is_admin": "role:admin",
        "admin_or_owner": "is_admin:True or project_id:%(project_id)s",
        "admin_api": "is_admin:True",
        "project_manager_api": "role:manager and project_id:%(project_id)s",
        "project_member_api": "role:member and project_id:%(project_id)s",
        "project_reader_api": "role:reader and project_id:%(project_id)s",
        "service_api": "role:service",
        "project_manager_or_admin": "rule:project_manager_api or rule:context_is_admin",
        "project_member_or_admin": "rule:project_member_api or rule:context_is_admin",
        "project_reader_or_admin": "rule:project_reader_api or rule:context_is_admin",
        "service_or_admin": "rule:service_api or rule:context_is_admin",
        "admin_required": "role:admin or is_admin:True",
        "admin_or_service": "role:admin or role:service or is_admin:True",
    ]

    /// The base rules, with overrides.
    ///
    /// - Throws: ``NovaError`` `badRequest` naming the rule that is not valid.
    public init(rules overrides: [String: String]) throws {
        rules = [:]
        overridden = Set(overrides.keys)
        for (name, text) in Self.baseRules.merging(overrides, uniquingKeysWith: { $1 }) {
            rules[name] = try Self.compile(name, text)
        }
    }

    /// The base rules alone.
    public init() {
        rules = Self.baseRules.compactMapValues { try? PolicyCheck($0) }  // constants of ours, covered by a test
        overridden = []
    }

    /// The same policy with default rules for names that no file overrides.
    ///
    /// - Throws: ``NovaError`` `badRequest` naming the rule that is not valid.
    public func adding(defaults: [String: String]) throws -> Policy {
        var policy = self
        for (name, text) in defaults where !overridden.contains(name) {
            policy.rules[name] = try Self.compile(name, text)
        }
        return policy
    }

    private static func compile(_ name: String, _ text: String) throws -> PolicyCheck {
        do { return try PolicyCheck(text) } catch { throw NovaError(error).during("policy rule \(name)") }
    }

    /// The names of all rules, sorted.
    public var names: [String] { rules.keys.sorted() }

    /// Whether a rule lets a caller do something to a target; false for a rule that does not exist.
    public func allows(_ rule: String, caller: PolicyCaller, target: [String: String] = [:]) -> Bool {
        guard let check = rules[rule] else { return false }
        return holds(check, caller, target, depth: 0)
    }

    /// Lets the caller pass, or throws.
    ///
    /// - Throws: ``NovaError`` `forbidden` "Policy doesn't allow … to be performed."
    public func check(_ rule: String, caller: PolicyCaller, target: [String: String] = [:]) throws {
        guard allows(rule, caller: caller, target: target) else {
            throw NovaError(.forbidden, "Policy doesn't allow \(rule) to be performed.")
        }
    }

    private func holds(_ check: PolicyCheck, _ caller: PolicyCaller, _ target: [String: String], depth: Int) -> Bool {
        switch check {
        case .allow: return true
        case .deny: return false
        case .role(let role): return caller.roles.contains { $0.lowercased() == role }
        case .rule(let name):
            // Rules that name each other in a circle allow nothing.
            guard depth < 32, let rule = rules[name] else { return false }
            return holds(rule, caller, target, depth: depth + 1)
        case .match(let left, let right):
            let wanted: String
            if right.hasPrefix("%("), right.hasSuffix(")s") {
                guard let value = target[String(right.dropFirst(2).dropLast(2))] else { return false }
                wanted = value
            } else {
                wanted = right
            }
            if let credential = caller.credential(left) { return credential == wanted }
            if left.count >= 2, left.hasPrefix("'"), left.hasSuffix("'") {
                return left.dropFirst().dropLast() == wanted
            }
            return left == "True" || left == "False" ? left == wanted : false
        case .not(let inner):
            // An unknown rule stays a denial under "not" as well.
            if case .rule(let name) = inner, rules[name] == nil { return false }
            return !holds(inner, caller, target, depth: depth + 1)
        case .all(let checks): return checks.allSatisfy { holds($0, caller, target, depth: depth + 1) }
        case .any(let checks): return checks.contains { holds($0, caller, target, depth: depth + 1) }
        }
    }

    /// Reads overrides: lines of `"rule": "check"`, as in a policy.yaml or in a policy.json of one rule per line.
    ///
    /// - Throws: ``NovaError`` `badRequest` naming the line.
    public static func parse(_ text: String) throws -> [String: String] {
        var rules: [String: String] = [:]
        for (index, line) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
            var rest = line.drop(while: \.isWhitespace)
            while let last = rest.last, last.isWhitespace || last == "," { rest.removeLast() }
            if rest.isEmpty || rest.first == "#" || rest == "{" || rest == "}" || rest == "---" { continue }
            guard let (name, check) = rule(rest) else {
                throw NovaError(.badRequest, "Line \(index + 1) of the policy file is no rule.", details: String(line))
            }
            rules[name] = check
        }
        return rules
    }

    private static func rule(_ line: Substring) -> (String, String)? {
        let name: Substring
        var rest: Substring
        if let quote = line.first, quote == "\"" || quote == "'" {
            guard let end = line.dropFirst().firstIndex(of: quote) else { return nil }
            name = line[line.index(after: line.startIndex)..<end]
            rest = line[line.index(after: end)...].drop(while: \.isWhitespace)
            guard rest.first == ":" else { return nil }
            rest = rest.dropFirst()
        } else {
            guard
                let colon = line.indices.first(where: {
                    line[$0] == ":" && line[$0...].dropFirst().first?.isWhitespace == true
                })
            else { return nil }
            name = line[..<colon]
            rest = line[colon...].dropFirst()
        }
        rest = rest.drop(while: \.isWhitespace)
        if let quote = rest.first, quote == "\"" || quote == "'" {
            rest = rest.dropFirst()
            guard let end = rest.firstIndex(of: quote) else { return nil }
            let behind = rest[end...].dropFirst().drop(while: \.isWhitespace)
            guard behind.isEmpty || behind.first == "#" else { return nil }
            rest = rest[..<end]
        }
        return name.isEmpty ? nil : (String(name), String(rest))
    }
}
