public import NovaPolicy

/// An API: operations under one prefix that share versions and the form of their faults.
public struct API: Sendable {
    public var name: String
    /// `/v2.1`, or empty for operations at the root.
    public var prefix: String
    public var microversions: MicroversionRange?
    public var faults: FaultStyle
    public var operations: [Operation]
    /// Whether `/prefix/{project_id}/…` is another form of `/prefix/…` (the Compute API).
    public var allowsProjectInPath: Bool
    /// The version handlers see when there are no microversions (`/v2` of Compute: 2.1).
    public var fixedVersion: Microversion
    /// The scopes that tokens must have for operations with a rule; nil for any.
    ///
    /// A token without scope is refused by the rules themselves.
    public var scopes: Set<Scope>?

    /// What a token is good for.
    public enum Scope: Sendable {
        case project
        case domain
        case system
    }

    public init(
        name: String, prefix: String, microversions: MicroversionRange?, faults: FaultStyle, operations: [Operation],
        allowsProjectInPath: Bool = false, fixedVersion: Microversion = Microversion(2, 1), scopes: Set<Scope>? = nil
    ) {
        self.name = name
        self.prefix = prefix
        self.microversions = microversions
        self.faults = faults
        self.operations = operations
        self.allowsProjectInPath = allowsProjectInPath
        self.fixedVersion = fixedVersion
        self.scopes = scopes
    }

    /// The default rules of its operations.
    public var policyDefaults: [PolicyDefault] {
        operations.compactMap { operation in
            guard let rule = operation.policy else { return nil }
            let action = operation.action.map { " (\($0))" } ?? ""
            return PolicyDefault(
                name: operation.name, check: rule,
                operations: ["\(operation.verb.rawValue) \(prefix)\(operation.path)\(action)"],
                summary: operation.summary)
        }
    }
}
