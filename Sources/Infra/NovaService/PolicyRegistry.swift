import NovaPolicy
import NovaSchema
import Synchronization

/// The policies of the process's services, for the operator.
final class PolicyRegistry: Sendable {
    static let shared = PolicyRegistry()

    private let sources = Mutex<[String: PolicySource]>([:])

    func add(_ source: PolicySource, of service: String) { sources.withLock { $0[service] = source } }

    /// The rules of each service.
    var json: JSONValue {
        let sources = sources.withLock { $0 }
        return [
            "services": .array(
                sources.sorted { $0.key < $1.key }.map { name, source in
                    [
                        "service": .string(name), "file": .string(source.path), "problem": JSONValue(source.problem),
                        "rules": .array(source.rules.map(Self.json)),
                    ]
                })
        ]
    }

    private static func json(_ rule: PolicyRule) -> JSONValue {
        [
            "name": .string(rule.name), "check": .string(rule.check), "default": JSONValue(rule.standard),
            "operations": JSONValue(rule.operations), "summary": .string(rule.summary),
        ]
    }
}
