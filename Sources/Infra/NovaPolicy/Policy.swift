import NovaCore

/// The rules that say who may do what, in the oslo.policy language: deny by default.
///
/// Each operation brings its default rule; a file overrides some of them.
public struct Policy: Sendable {
    private var rules: [String: PolicyCheck]
    private var texts: [String: String]
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
        texts = [:]
        overridden = Set(overrides.keys)
        for (name, text) in Self.baseRules.merging(overrides, uniquingKeysWith: { $1 }) {
            rules[name] = try Self.compile(name, text)
            texts[name] = text
        }
    }

    /// The base rules alone.
    public init() {
        rules = Self.baseRules.compactMapValues { try? PolicyCheck($0) }  // constants of ours, covered by a test
        texts = Self.baseRules
        overridden = []
    }

    /// The same policy with default rules for names that no file overrides.
    ///
    /// - Throws: ``NovaError`` `badRequest` naming the rule that is not valid.
    public func adding(defaults: [String: String]) throws -> Policy {
        var policy = self
        for (name, text) in defaults where !overridden.contains(name) {
            policy.rules[name] = try Self.compile(name, text)
            policy.texts[name] = text
        }
        return policy
    }

    private static func compile(_ name: String, _ text: String) throws -> PolicyCheck {
        do { return try PolicyCheck(text) } catch { throw NovaError(error).during("policy rule \(name)") }
    }

    /// The names of all rules, sorted.
    public var names: [String] { rules.keys.sorted() }

    /// The text of a rule; nil when there is none of that name.
    public func text(of name: String) -> String? { texts[name] }

    /// Whether the text of a rule comes from a file.
    public func isOverridden(_ name: String) -> Bool { overridden.contains(name) }

    /// Whether a rule lets a caller do something to a target.
    ///
    /// For a rule that does not exist the rule `default` decides; without one the answer is no.
    public func allows(_ rule: String, caller: PolicyCaller, target: [String: String] = [:]) -> Bool {
        guard let check = rules[rule] ?? rules["default"] else { return false }
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

    /// A text with its `%(name)s` replaced by fields of the target; nil when one is not there.
    private static func filled(_ text: String, from target: [String: String]) -> String? {
        guard text.contains("%(") else { return text }
        var result = ""
        var rest = text[...]
        while let start = rest.firstRange(of: "%(") {
            guard let end = rest[start.upperBound...].firstRange(of: ")s"),
                let value = target[String(rest[start.upperBound..<end.lowerBound])]
            else { return nil }
            result += rest[..<start.lowerBound] + value
            rest = rest[end.upperBound...]
        }
        return result + rest
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
            guard let wanted = Self.filled(right, from: target) else { return false }
            if let credential = caller.credential(left) { return credential == wanted }
            if left.count >= 2, let quote = left.first, quote == "'" || quote == "\"", left.last == quote {
                return left.dropFirst().dropLast() == wanted
            }
            return ["True", "False", "None"].contains(left) || Int64(left) != nil ? left == wanted : false
        case .not(let inner):
            // An unknown rule stays a denial under "not" as well.
            if case .rule(let name) = inner, rules[name] == nil { return false }
            return !holds(inner, caller, target, depth: depth + 1)
        case .all(let checks): return checks.allSatisfy { holds($0, caller, target, depth: depth + 1) }
        case .any(let checks): return checks.contains { holds($0, caller, target, depth: depth + 1) }
        }
    }

    /// Reads overrides from the text of a policy.yaml or policy.json.
    ///
    /// - Throws: ``NovaError`` `badRequest` naming the line or the rule.
    public static func parse(_ text: String) throws -> [String: String] { try PolicyFile.rules(text) }
}
