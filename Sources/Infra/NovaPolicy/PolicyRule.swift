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
