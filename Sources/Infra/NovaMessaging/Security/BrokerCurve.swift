import CZeroMQ
import Logging
import NovaCore

/// What a broker needs to encrypt its tcp connections and to know who is there.
public struct BrokerCurve: Sendable {
    public let keys: CurveKeyPair
    public let authorized: AuthorizedKeysFile
    public let counts = AdmissionCounts()

    public init(keys: CurveKeyPair, authorized: AuthorizedKeysFile) {
        self.keys = keys
        self.authorized = authorized
    }
}

/// A broker's place at the ZAP handler; it ends with this value's life.
final class Admission: Sendable {
    /// ZMQ_ZAP_ENFORCE_DOMAIN, which the library has and its header names among the drafts only.
    private static let enforceDomain: Int32 = 93

    private let handler: ZAPHandler
    private let domain: String

    /// Lets a broker's handler listen, which libzmq wants before the broker does.
    init(_ curve: BrokerCurve, log: Logger) throws {
        handler = try ZAPHandler.shared()
        domain = handler.add(ZAPHandler.Domain(keys: curve.authorized, counts: curve.counts, log: log))
    }

    deinit { handler.remove(domain) }

    /// From here on what the socket binds speaks CURVE only; what it has bound before stays plain.
    func apply(_ curve: BrokerCurve, to socket: ZMQSocket) throws {
        try socket.set(ZMQ_CURVE_SERVER, 1)
        try socket.set(ZMQ_CURVE_SECRETKEY, curve.keys.secretKey.reveal())
        try socket.set(ZMQ_ZAP_DOMAIN, domain)
        // Without a handler nobody comes in, where the library's default is everybody.
        try socket.set(Self.enforceDomain, 1)
    }
}
