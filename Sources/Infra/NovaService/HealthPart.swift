/// One part of a service as the service itself sees it: it says when it works and when it does not.
public struct HealthPart: Sendable {
    /// "nova-api/http".
    public let name: String
    private let registry: HealthRegistry

    /// Registers a part that cannot work yet, and what it waits for.
    init(_ name: String, waitsFor cause: String, in registry: HealthRegistry) {
        self.name = name
        self.registry = registry
        registry.set(name, .starting(cause))
    }

    /// Reports its state.
    public func set(_ state: HealthState) { registry.set(name, state) }

    /// Reports that it works.
    public func ready() { registry.set(name, .ready) }
}
