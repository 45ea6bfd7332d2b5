/// Who sent a message, as the broker knows it: never what the message itself claims.
public struct Principal: Sendable, Hashable, CustomStringConvertible {
    /// The daemon's role: "compute", "conductor".
    public var role: String
    /// The host that the sender runs on.
    public var host: String
    /// What tells apart several daemons of a role on one host.
    public var instance: String

    public init(role: String, host: String, instance: String) {
        self.role = role
        self.host = host
        self.instance = instance
    }

    public var description: String { instance.isEmpty ? "\(role)@\(host)" : "\(role)@\(host)/\(instance)" }
}
