import Logging
import NIOCore
import NIOPosix
import NovaCore
import NovaCrypto
import NovaTelemetry
import Synchronization

/// Listens for other compute hosts, and lets in those whose grant is for them, for this host, and for something that it
/// offers.
final class TransferListener: Sendable {
    private let name: String
    private let tls: TransferTLS
    private let limits: TransferLimits
    private let offers: OfferBook
    private let files: FileSender
    private let verify: @Sendable (String) async throws -> TransferGrant
    private let metrics: TransferMetrics
    private let log: Logger
    private let refusals = Mutex(RefusalLog())
    private let connected = Mutex(0)

    init(
        name: String, tls: TransferTLS, limits: TransferLimits, offers: OfferBook, files: FileSender,
        metrics: TransferMetrics, log: Logger, verify: @escaping @Sendable (String) async throws -> TransferGrant
    ) {
        self.name = name
        self.tls = tls
        self.limits = limits
        self.offers = offers
        self.files = files
        self.metrics = metrics
        self.log = log
        self.verify = verify
    }

    /// Listens until the task is cancelled; then what is open is closed.
    func run(address: String, port: Int, listening: (Int) -> Void) async throws {
        let server: NIOAsyncChannel<ByteChannel, Never>
        do {
            server = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
                .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
                .childChannelOption(.socketOption(.so_keepalive), value: 1)
                .bind(host: address, port: port) { [tls, limits] channel in
                    channel.eventLoop.makeCompletedFuture {
                        try channel.pipeline.syncOperations.addHandler(tls.serverHandler())
                        try TransferLink.guardSilence(channel, limit: limits.silence)
                        return try NIOAsyncChannel(wrappingChannelSynchronously: channel)
                    }
                }
        } catch {
            throw NovaError(
                .unavailable, "Cannot listen on \(address) port \(port) for other compute hosts. Is it in use?",
                details: "\(error)")
        }
        listening(server.channel.localAddress?.port ?? 0)
        try await AcceptLoop.run(server) { await self.serve($0) }
    }

    private func serve(_ connection: ByteChannel) async {
        let isOneTooMany = connected.withLock { connected in
            connected += 1
            return connected > limits.connections
        }
        metrics.open.inc()
        defer {
            connected.withLock { $0 -= 1 }
            metrics.open.inc(by: -1)
        }
        let address = connection.channel.remoteAddress.map { "\($0)" } ?? "unknown"
        let writer = LinkWriter(connection.channel)
        do {
            try await connection.executeThenClose { inbound in
                guard !isOneTooMany else {
                    return refused("too_many", NovaError(.unavailable, "Too many connections."), address)
                }
                var reader = LinkReader(inbound)
                try await converse(&reader, writer, connection.channel, address)
            }
        } catch {
            let error = TransferLink.error(error)
            log.debug("a transfer's connection ended", metadata: ["peer": "\(address)", "error": "\(error)"])
        }
    }

    private func converse(
        _ reader: inout LinkReader, _ writer: LinkWriter, _ channel: any Channel, _ address: String
    ) async throws {
        var state = ListenerState()
        guard let admission = try await greet(&reader, &state, writer, channel, address) else { return }
        reader.allowData()
        try await writer.send(.welcome(TransferWelcome(files: admission.offer.files)))
        log.info(
            "a compute host was let in",
            metadata: ["peer": "\(admission.peer)", "address": "\(address)", "server": "\(admission.scope.serverID)"])
        if let socket = admission.socket {
            return try await StreamSplice(metrics: metrics, beat: limits.silence / 3)
                .join(&reader, writer, socket: socket)
        }
        while let frame = try await reader.next() {
            do {
                guard case .send(let file, let block) = try state.handle(frame),
                    let path = admission.offer.paths[file.name]
                else { continue }
                try await files.send(file, at: path, from: block, to: writer)
                state.sent()
            } catch {
                let error = TransferLink.error(error)
                log.warning(
                    "a file could not be sent",
                    metadata: ["peer": "\(admission.peer)", "address": "\(address)", "error": "\(error)"])
                try await writer.send(.refused(TransferRefusal(error)))
                throw error
            }
        }
    }

    /// Waits for the peer's greeting, and lets it in or not: nil, with the refusal sent, counted and logged.
    private func greet(
        _ reader: inout LinkReader, _ state: inout ListenerState, _ writer: LinkWriter, _ channel: any Channel,
        _ address: String
    ) async throws -> Admission? {
        // Bytes that trickle in do not keep a place for ever.
        let patience = channel.eventLoop.scheduleTask(in: .nanoseconds(limits.greeting.microseconds * 1_000)) {
            channel.close(promise: nil)
        }
        defer { patience.cancel() }
        var reason = "handshake"
        do {
            guard let frame = try await reader.next() else { throw TransferLink.broken("before a greeting") }
            reason = "malformed"
            guard case .decide(let hello) = try state.handle(frame) else {
                throw TransferFrame.malformed("a message before the greeting")
            }
            reason = "grant"
            let admission = try await admit(hello, peer: try await TransferTLS.peer(of: channel), &reason)
            state.admitted(admission.offer.files)
            return admission
        } catch {
            let error = TransferLink.error(error)
            refused(reason, error, address)
            try await writer.send(.refused(TransferRefusal(error)))
            return nil
        }
    }

    private struct Admission {
        var peer: String
        var scope: TransferScope
        var offer: OfferBook.Offer
        /// Where the stream goes on; nil for files.
        var socket: String?
    }

    private func admit(_ hello: TransferHello, peer: String?, _ reason: inout String) async throws -> Admission {
        let grant = try await verify(hello.grant.reveal())
        reason = "wrong_host"
        guard grant.listening == TransferEnd(host: name, fingerprint: tls.fingerprint) else {
            throw NovaError(.forbidden, "The grant is for another compute host.", details: grant.listening.host)
        }
        reason = "wrong_peer"
        guard let peer, grant.connecting.fingerprint == peer else {
            throw NovaError(
                .forbidden, "The grant is another compute host's.", details: "made for \(grant.connecting.host)")
        }
        reason = "not_offered"
        let scope = TransferScope(grant)
        guard let offer = offers[scope] else {
            throw NovaError(.notFound, "This host offers nothing of this kind for the server.", details: "\(scope)")
        }
        let socket = try offer.socket(of: hello.stream)
        return Admission(peer: grant.connecting.host, scope: scope, offer: offer, socket: socket)
    }

    private func refused(_ reason: String, _ error: NovaError, _ address: String) {
        metrics.refused(reason)
        guard refusals.withLock({ $0.mayWrite(now: SteadyClock.now) }) else { return }
        log.warning(
            "a connection of a compute host was refused",
            metadata: ["address": "\(address)", "reason": "\(reason)", "error": "\(error)"])
    }
}

/// Keeps the log short when many connections are refused: so many lines a minute.
private struct RefusalLog {
    private static let linesAMinute = 20
    private var began: ContinuousClock.Instant?
    private var lines = 0

    mutating func mayWrite(now: ContinuousClock.Instant) -> Bool {
        if began.map({ now - $0 >= .seconds(60) }) ?? true {
            began = now
            lines = 0
        }
        lines += 1
        return lines <= Self.linesAMinute
    }
}
