import NIOCore
import NIOPosix
import NovaCore
import NovaTelemetry
import Synchronization

/// Joins a connection between two compute hosts with a unix socket on this one: bytes go both ways, and each direction
/// ends when its sender has ended it.
struct StreamSplice: Sendable {
    let metrics: TransferMetrics
    /// How often we say that we are there: a guest's stream may be silent for as long as it likes.
    let beat: Duration

    /// Connects to a unix socket, and joins it.
    func join(_ reader: inout LinkReader, _ writer: LinkWriter, socket: String) async throws {
        let local: ByteChannel
        do {
            local = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
                .channelOption(.allowRemoteHalfClosure, value: true)
                .connect(unixDomainSocketPath: socket) { channel in
                    channel.eventLoop.makeCompletedFuture { try NIOAsyncChannel(wrappingChannelSynchronously: channel) }
                }
        } catch {
            throw NovaError(
                .unavailable, "The hypervisor of the other compute host does not listen.",
                details: "\(socket): \(error)")
        }
        try await local.executeThenClose { inbound in
            try await join(&reader, writer, inbound, local.channel)
        }
        // Who connected closes first, so that nothing of us is unread when it does.
        while try await reader.next() != nil {}
    }

    /// Joins a unix socket, until both directions have ended or one breaks.
    func join(
        _ reader: inout LinkReader, _ writer: LinkWriter, _ inbound: NIOAsyncChannelInboundStream<ByteBuffer>,
        _ local: any Channel
    ) async throws {
        let outgoing = OutgoingStream(writer)
        try await withThrowingTaskGroup(of: Bool.self) { group in
            group.addTask { [metrics] in
                do {
                    for try await buffer in inbound {
                        try await outgoing.send(Array(buffer.readableBytesView)[...])
                        metrics.sent.inc(by: buffer.readableBytes)
                    }
                    try await outgoing.finish()
                    return true
                } catch {
                    // The other direction waits for the peer: it must end as well.
                    writer.close()
                    throw error
                }
            }
            group.addTask { [beat] in
                while !outgoing.isFinished {
                    try await SteadyClock.sleep(for: beat)
                    try await outgoing.beat()
                }
                return false
            }
            defer { group.cancelAll() }
            try await receive(&reader, local)
            // Of the two the one that is not only the beats.
            while try await group.next() == false {}
        }
    }

    /// Hands on what the peer sends, until it has ended its direction.
    private func receive(_ reader: inout LinkReader, _ local: any Channel) async throws {
        while let frame = try await reader.next() {
            switch frame {
            case .beat: continue
            case .bytes(let bytes):
                metrics.received.inc(by: bytes.count)
                // Written when it returns: who reads slowly slows the peer down, and nothing is lost at the end.
                try await written(local) { $0.writeAndFlush(ByteBuffer(bytes: bytes)) }
            case .finished: return await end(local)
            case .refused(let refusal): throw refusal.error
            default: throw TransferFrame.malformed("a message out of turn in a stream")
            }
        }
        throw TransferLink.broken("before the end of a stream")
    }

    /// Hands the peer's end on.
    ///
    /// All that it sent is written: who has closed the socket meanwhile has missed nothing.
    private func end(_ local: any Channel) async {
        do { try await written(local) { $0.close(mode: .output) } } catch {}
    }

    private func written(_ channel: any Channel, _ action: (any Channel) -> EventLoopFuture<Void>) async throws {
        let future = action(channel)
        do {
            try await withTaskCancellationHandler {
                try await future.get()
            } onCancel: {
                channel.close(promise: nil)
            }
        } catch {
            throw TransferLink.broken("the local socket: \(error)")
        }
    }
}

/// Our direction of a stream: after its end nothing follows, no beat either.
private final class OutgoingStream: Sendable {
    private let writer: LinkWriter
    private let gate = AsyncGate(limit: 1)
    private let finished = Mutex(false)

    init(_ writer: LinkWriter) { self.writer = writer }

    var isFinished: Bool { finished.withLock { $0 } }

    /// Sends bytes, in pieces that are not too large.
    func send(_ bytes: ArraySlice<UInt8>) async throws {
        var rest = bytes
        while !rest.isEmpty {
            try await send(.bytes(rest.prefix(BlockDigest.blockSize)))
            rest = rest.dropFirst(BlockDigest.blockSize)
        }
    }

    func beat() async throws { try await send(.beat) }

    func finish() async throws {
        try await gate.with { [self] in
            finished.withLock { $0 = true }
            try await writer.send(.finished)
        }
    }

    private func send(_ frame: TransferFrame) async throws {
        try await gate.with { [self] in
            guard !isFinished else { return }
            try await writer.send(frame)
        }
    }
}
