import NovaSchema

/// A rule of a running service as an operator sees it.
public struct PolicyRule: Sendable, Equatable {
    public var name: String
    /// The check in force.
    public var check: String
    /// What the check is without the file; nil for a rule that only the file has.
    public var standard: String?
    /// What the rule decides about: `GET /v2.1/servers`.
    public var operations: [String]
    public var summary: String

    public init(name: String, check: String, standard: String?, operations: [String], summary: String) {
        self.name = name
        self.check = check
        self.standard = standard
        self.operations = operations
        self.summary = summary
    }

    /// A policy file with every rule at its default, as comments; of two with one name only the first.
    public static func sample(_ rules: some Sequence<PolicyRule>) -> String {
        var seen: Set<String> = []
        return rules.compactMap { rule -> String? in
            guard let standard = rule.standard, seen.insert(rule.name).inserted else { return nil }
            let about = ([rule.summary] + rule.operations).filter { !$0.isEmpty }.map { "# \($0)\n" }.joined()
            return "\(about)#\(JSONValue.string(rule.name).text): \(JSONValue.string(standard).text)\n"
        }.joined(separator: "\n")
    }
}

/// The default of a rule, and what it decides about.
public struct PolicyDefault: Sendable {
    public var name: String
    public var check: String
    public var operations: [String]
    public var summary: String

    public init(name: String, check: String, operations: [String] = [], summary: String = "") {
        self.name = name
        self.check = check
        self.operations = operations
        self.summary = summary
    }
}
