import Glibc
public import Logging
public import NovaCore
public import NovaCrypto
public import NovaProcess
public import NovaTelemetry
import Synchronization

/// The transfers of one compute host: what it offers to others, what it fetches from them, and the streams between them.
///
/// Both ends are known by certificates that their processes made at their start, and a conductor's grant says which two
/// may speak, about which server, and for what (`proto-spec/wire/transfer.md`).
public final class TransferHost: Sendable {
    /// What another host needs in order to fetch files, but for the conductor's grant.
    public struct FileOffer: Sendable, Equatable {
        public var port: Int
        public var fingerprint: String
        public var files: [OfferedFile]
    }

    /// What ``offer(_:_:)`` and ``expect(_:streams:)`` throw before ``run(listening:)`` listens.
    public static let isNotListening = NovaError(
        .unavailable, "The compute host does not listen for others yet. Try again later.")

    /// This host's end of a grant.
    public let end: TransferEnd

    private let address: String
    private let port: Int
    private let threads: WorkerThreads
    private let metrics: TransferMetrics
    private let log: Logger
    private let offers = OfferBook()
    private let listener: TransferListener
    let connector: TransferConnector
    private let bound = Mutex<Int?>(nil)

    /// A host that does not listen yet.
    ///
    /// - Parameters:
    ///   - host: its name in the cloud.
    ///   - address: where it listens.
    ///   - port: 0 for any free one.
    ///   - verify: checks the signature and the expiry of a grant.
    /// - Throws: ``NovaError`` `internal` when no certificate can be made.
    public init(
        host: String, address: String, port: Int, limits: TransferLimits = TransferLimits(), threads: WorkerThreads,
        metrics: MetricsRegistry = .shared, log: Logger,
        verify: @escaping @Sendable (String) async throws -> TransferGrant
    ) throws {
        let tls = try TransferTLS(name: host)
        end = TransferEnd(host: host, fingerprint: tls.fingerprint)
        self.address = address
        self.port = port
        self.threads = threads
        self.metrics = TransferMetrics(metrics)
        self.log = log
        connector = TransferConnector(tls: tls, limits: limits)
        listener = TransferListener(
            name: host, tls: tls, limits: limits, offers: offers,
            files: FileSender(threads: threads, metrics: self.metrics), metrics: self.metrics, log: log, verify: verify)
    }

    /// The port that others connect to; nil while it does not listen.
    public var listeningPort: Int? { bound.withLock { $0 } }

    /// Listens for other hosts until the task is cancelled.
    ///
    /// - Parameter listening: told when it does.
    /// - Throws: ``NovaError`` `unavailable` when the address cannot be listened on.
    public func run(listening: () -> Void = {}) async throws {
        defer { bound.withLock { $0 = nil } }
        try await listener.run(address: address, port: port) { port in
            bound.withLock { $0 = port }
            listening()
        }
    }

    /// Offers files, which must not change until ``withdraw(_:)``.
    ///
    /// It reads all of them. Repeating it replaces the offer.
    /// - Parameter paths: where the files are, by the names that they are asked for by.
    /// - Throws: ``NovaError`` `notFound`, `conflict` for what is no plain file, `unavailable` before it listens.
    public func offer(_ scope: TransferScope, _ paths: [String: String]) async throws -> FileOffer {
        guard let port = listeningPort else { throw Self.isNotListening }
        var files: [OfferedFile] = []
        for (name, path) in paths.sorted(by: { $0.key < $1.key }) {
            let file = try await threads.run {
                let source = try SourceFile(path)
                return OfferedFile(name: name, size: source.size, digest: try source.digest())
            }
            guard file.isPlausible else {
                throw NovaError(.badRequest, "A file of the server cannot be sent.", details: "\(file)")
            }
            files.append(file)
        }
        try offers.put(OfferBook.Offer(files: files, paths: paths), for: scope)
        return FileOffer(port: port, fingerprint: end.fingerprint, files: files)
    }

    /// Expects streams of another host, each for a unix socket of this one that is listened on.
    ///
    /// - Returns: the port for them.
    /// - Throws: ``NovaError`` `unavailable` before it listens.
    public func expect(_ scope: TransferScope, streams: [String: String]) throws -> Int {
        guard let port = listeningPort else { throw Self.isNotListening }
        try offers.put(OfferBook.Offer(sockets: streams), for: scope)
        return port
    }

    /// Ends an offer, or the expectation of streams; connections that were let in go on.
    public func withdraw(_ scope: TransferScope) { withdraw { $0 == scope } }

    /// Ends all offers and expectations that a test applies to; connections that were let in go on.
    public func withdraw(where applies: (TransferScope) -> Bool) { offers.remove(where: applies) }

    /// Fetches a file to a path in a folder that exists, over as many connections as it takes.
    ///
    /// What is there is kept as it is: a file has its name only when it is whole, on the disk, and its digest is right.
    /// What an earlier fetch has begun is gone on with.
    /// - Returns: the bytes that came over the network.
    /// - Throws: ``NovaError`` `forbidden`, `unauthorized`, `notFound` as the other host refuses; `conflict` when its
    ///   file has changed; `unavailable` or `timeout` when it cannot be reached any more.
    public func fetch(
        _ file: OfferedFile, from peer: TransferPeer, to path: String,
        progress: @escaping @Sendable (TransferProgress) -> Void = { _ in }
    ) async throws -> Int64 {
        if try await threads.run({ access(path, F_OK) == 0 }) { return 0 }
        var fetcher = FileFetcher(connector, threads: threads, metrics: metrics, peer: peer, onProgress: progress)
        return try await fetcher.fetch(file, to: path)
    }

    /// Makes a unix socket behind which a stream of another host lies, until the task is cancelled.
    ///
    /// - Parameters:
    ///   - mode: who may connect, as file permissions; a hypervisor may run as another user.
    ///   - opened: told when the socket takes connections.
    public func open(
        _ stream: String, of peer: TransferPeer, at path: String, mode: UInt32 = 0o600,
        opened: @Sendable () -> Void = {}
    ) async throws {
        try await StreamDoor(connector: connector, metrics: metrics, log: log)
            .run(stream, at: path, mode: mode, to: peer, opened: opened)
    }
}
