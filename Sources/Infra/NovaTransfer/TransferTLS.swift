import NIOCore
import NIOSSL
import NovaCore
import NovaCrypto
import Synchronization

/// TLS 1.3 with a certificate on both sides: whose it is, is said by fingerprints alone.
struct TransferTLS: Sendable {
    let fingerprint: String
    private let server: NIOSSLContext
    private let client: NIOSSLContext

    /// Makes a new key and certificate for this process.
    init(name: String) throws {
        let own = try SelfSignedCertificate(name: name)
        fingerprint = own.fingerprint
        do {
            let certificate = NIOSSLCertificateSource.certificate(
                try NIOSSLCertificate(bytes: own.certificate, format: .der))
            let key = NIOSSLPrivateKeySource.privateKey(
                try NIOSSLPrivateKey(bytes: Array(own.privateKey.reveal().utf8), format: .pem))
            var server = TLSConfiguration.makeServerConfiguration(certificateChain: [certificate], privateKey: key)
            // A client without a certificate is refused. Which one it has is asked once its grant is known.
            server.certificateVerification = .noHostnameVerification
            Self.common(&server)
            var client = TLSConfiguration.makeClientConfiguration()
            client.certificateChain = [certificate]
            client.privateKey = key
            client.certificateVerification = .noHostnameVerification
            Self.common(&client)
            self.server = try NIOSSLContext(configuration: server)
            self.client = try NIOSSLContext(configuration: client)
        } catch {
            throw NovaError(.internal, "TLS cannot be used.", details: "\(error)")
        }
    }

    private static func common(_ configuration: inout TLSConfiguration) {
        configuration.minimumTLSVersion = .tlsv13
        configuration.trustRoots = .certificates([])
        configuration.applicationProtocols = ["nova-transfer"]
        configuration.shutdownTimeout = .seconds(1)
    }

    /// The handler of a peer that connects.
    func serverHandler() -> NIOSSLServerHandler {
        // Any certificate: TLS proves that the peer has its key, and the grant says whose it must be.
        NIOSSLServerHandler(context: server) { certificates, promise in
            promise.succeed(certificates.isEmpty ? .failed : .certificateVerified)
        }
    }

    /// The handler of a connection to the one host that has a certificate of this fingerprint.
    func clientHandler(pinned: String, mismatch: PinMismatch) throws -> NIOSSLClientHandler {
        try NIOSSLClientHandler(context: client, serverHostname: nil) { certificates, promise in
            let found = certificates.first.flatMap { TransferTLS.fingerprint($0) }
            guard found == pinned else {
                mismatch.note()
                return promise.succeed(.failed)
            }
            promise.succeed(.certificateVerified)
        }
    }

    /// The fingerprint of who is at the other end, once the first bytes have come; nil when it showed no certificate.
    static func peer(of channel: any Channel) async throws -> String? {
        try await channel.nioSSL_peerCertificate().get().flatMap { fingerprint($0) }
    }

    private static func fingerprint(_ certificate: NIOSSLCertificate) -> String? {
        // A certificate that cannot be written again has no fingerprint, and fits none.
        guard let bytes = try? certificate.toDERBytes() else { return nil }
        return SelfSignedCertificate.fingerprint(of: bytes)
    }
}

/// Whether a handshake failed because another host answered than the one that was meant.
final class PinMismatch: Sendable {
    private let happened = Mutex(false)
    var isNoted: Bool { happened.withLock { $0 } }
    func note() { happened.withLock { $0 = true } }
}
