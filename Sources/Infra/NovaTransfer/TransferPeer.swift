public import NovaCore

/// Where another compute host can be reached, how it is known, and what allows it.
public struct TransferPeer: Sendable {
    public var address: String
    public var port: Int
    /// SHA-256 of its certificate, hex.
    public var fingerprint: String
    /// The conductor's signed ``NovaCrypto/TransferGrant``.
    public var grant: Secret<String>

    public init(address: String, port: Int, fingerprint: String, grant: Secret<String>) {
        self.address = address
        self.port = port
        self.fingerprint = fingerprint
        self.grant = grant
    }
}
