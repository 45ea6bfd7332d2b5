import NovaCore
public import NovaCrypto
public import NovaInterfaces
public import NovaRPC
import NovaWire

/// Where an authenticator learns public keys and revocations.
public protocol IdentitySource: Sendable {
    /// The keys that verify tokens, current and former.
    func keys() async throws -> [VerifyingKey]
    /// The revocations after a number; all that still matter for 0.
    func revocations(after: Int64) async throws -> RevocationList.Response
}

/// The identity service over the queue.
public struct RemoteIdentity: IdentitySource {
    private static let timeout = Duration.seconds(5)
    private let bus: RPCBus

    public init(bus: RPCBus) { self.bus = bus }

    public func keys() async throws -> [VerifyingKey] {
        let answer = try await bus.call(
            IdentityKeys(), to: .topic(IdentityKeys.topic), context: .system(), timeout: Self.timeout)
        return try answer.keys.map { try VerifyingKey(bytes: $0.publicKey.bytes) }
    }

    public func revocations(after: Int64) async throws -> RevocationList.Response {
        try await bus.call(
            RevocationList(after: after), to: .topic(RevocationList.topic), context: .system(), timeout: Self.timeout)
    }
}
