import Glibc
public import Logging
import NIOSSL
import NovaCore
import Synchronization

/// The certificate and the key of a server, read again when their files change.
///
/// Connections keep what they began with; the next one gets the new pair. A pair that cannot be used changes nothing.
public final class ServerCertificate: Sendable {
    /// What a changed file is known by.
    private struct Stamp: Equatable {
        var files: [Int64] = []
    }
    private struct State {
        var context: NIOSSLContext
        /// Of the files as they were when they were last read, usable or not.
        var stamp: Stamp
        var looked: ContinuousClock.Instant
    }
    /// How often the files are looked at, at most.
    private static let interval = Duration.seconds(1)

    private let certificate: String
    private let key: String
    private let log: Logger
    private let state: Mutex<State>

    /// Reads a certificate with those that lead to its authority behind it, and its key; both PEM.
    ///
    /// - Throws: ``NovaError`` `badRequest` when they cannot be read or do not belong together.
    public init(certificate: String, key: String, log: Logger) throws {
        self.certificate = certificate
        self.key = key
        self.log = log
        let stamp = Self.stamp(certificate, key)
        let context: NIOSSLContext
        do {
            context = try Self.read(certificate, key)
        } catch {
            throw NovaError(
                .badRequest,
                "The certificate \(certificate) with the key \(key) cannot be used: are both PEM files that belong "
                    + "together and may be read?", details: "\(error)")
        }
        state = Mutex(State(context: context, stamp: stamp, looked: .now))
    }

    /// What the next connection uses.
    var context: NIOSSLContext {
        state.withLock { state in
            guard .now - state.looked >= Self.interval else { return state.context }
            state.looked = .now
            // Before reading, so that a change in between is seen the next time.
            let stamp = Self.stamp(certificate, key)
            guard stamp != state.stamp else { return state.context }
            state.stamp = stamp
            do {
                state.context = try Self.read(certificate, key)
                log.notice("a new certificate is in use", metadata: ["file": "\(certificate)"])
            } catch {
                log.error(
                    "the changed certificate cannot be used; the old one stays",
                    metadata: ["file": "\(certificate)", "key": "\(key)", "error": "\(error)"])
            }
            return state.context
        }
    }

    private static func read(_ certificate: String, _ key: String) throws -> NIOSSLContext {
        var configuration = TLSConfiguration.makeServerConfiguration(
            certificateChain: try NIOSSLCertificate.fromPEMFile(certificate).map { .certificate($0) },
            privateKey: .privateKey(try NIOSSLPrivateKey(file: key, format: .pem)))
        configuration.minimumTLSVersion = .tlsv12
        configuration.applicationProtocols = ["http/1.1"]
        return try NIOSSLContext(configuration: configuration)
    }

    private static func stamp(_ paths: String...) -> Stamp {
        var stamp = Stamp()
        for path in paths {
            var status = stat()
            guard stat(path, &status) == 0 else {
                stamp.files.append(-1)
                continue
            }
            stamp.files += [
                Int64(truncatingIfNeeded: status.st_ino), Int64(status.st_size), Int64(status.st_mtim.tv_sec),
                Int64(status.st_mtim.tv_nsec),
            ]
        }
        return stamp
    }
}
