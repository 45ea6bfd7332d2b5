import CZeroMQ
import NovaCore

/// What a client needs to speak CURVE with one broker.
public struct ClientCurve: Sendable, Equatable {
    public let keys: CurveKeyPair
    /// The broker's key: another one that answers at its address is not believed.
    public let broker: CurvePublicKey

    public init(keys: CurveKeyPair, broker: CurvePublicKey) {
        self.keys = keys
        self.broker = broker
    }

    func apply(to socket: ZMQSocket) throws {
        try socket.set(ZMQ_CURVE_SERVERKEY, broker.description)
        try socket.set(ZMQ_CURVE_PUBLICKEY, keys.publicKey.description)
        try socket.set(ZMQ_CURVE_SECRETKEY, keys.secretKey.reveal())
    }
}

/// Where a client finds a broker, and how it makes sure that it is the one.
public struct BrokerAddress: Sendable, Equatable {
    public let endpoint: String
    /// Nil on a plain connection.
    public let curve: ClientCurve?

    public init(_ endpoint: String, curve: ClientCurve? = nil) {
        self.endpoint = endpoint
        self.curve = curve
    }

    /// Reads `ENDPOINT` or, for tcp, `ENDPOINT=PUBLIC-KEY`: the endpoint, and the key if there is one.
    ///
    /// - Throws: ``NovaError`` `badRequest` that says what is wrong.
    public static func split(_ text: String) throws -> (endpoint: String, key: CurvePublicKey?) {
        guard text.hasPrefix("tcp://") else {
            guard text.hasPrefix("ipc://") || text.hasPrefix("inproc://"), !text.hasSuffix("://") else {
                throw NovaError(
                    .badRequest, "\"\(text)\" is no endpoint: one is tcp://ADDRESS:PORT=PUBLIC-KEY or ipc://PATH.")
            }
            return (text, nil)
        }
        guard let sign = text.firstIndex(of: "=") else { return (text, nil) }
        let endpoint = String(text[..<sign])
        guard let key = CurvePublicKey(String(text[text.index(after: sign)...])) else {
            throw NovaError(
                .badRequest, "What stands after \"=\" in \(text) is no public key: one has 40 characters of Z85.")
        }
        return (endpoint, key)
    }

    /// Whether only this host reaches an endpoint.
    public static func isLoopback(_ endpoint: String) -> Bool {
        guard endpoint.hasPrefix("tcp://") else { return true }
        let rest = endpoint.dropFirst("tcp://".count)
        guard let colon = rest.lastIndex(of: ":") else { return false }
        let host = rest[..<colon]
        if ["localhost", "[::1]", "::1", "lo"].contains(host) { return true }
        let parts = host.split(separator: ".", omittingEmptySubsequences: false)
        return parts.count == 4 && parts[0] == "127" && parts.allSatisfy { UInt8($0) != nil }
    }
}
