public import NovaConfig
public import NovaPolicy

/// The options of policy, as oslo.policy names them.
public enum PolicyOptions {
    public static let file = Option(
        "oslo_policy", "policy_file", default: "/etc/nova/policy.yaml",
        help:
            "YAML or JSON file of rules that differ from the defaults; it may be absent, and is read again on change.",
        expected: "an absolute path", accepts: { $0.hasPrefix("/") })

    /// All of them.
    public static let all: [any OptionDeclaration] = [file]
}

extension ServiceContext {
    /// The rules of the service: `base` and its operations' defaults under the policy file.
    ///
    /// - Throws: ``NovaError`` for a file that cannot be read or has a rule that is not valid.
    public func policy(base: [String: String] = [:]) throws -> PolicySource {
        let source = try PolicySource(path: config[PolicyOptions.file], base: base)
        PolicyRegistry.shared.add(source, of: name)
        return source
    }

    /// Reports that a changed policy file is not in force, or is in force again: hand it to the HTTP server.
    public var onPolicy: @Sendable (String?) -> Void {
        let part = part("policy", waitsFor: "the policy file")
        part.ready()
        return { why in
            part.set(why.map { HealthState.degraded("the changed policy file is not in force: \($0)") } ?? .ready)
        }
    }
}
