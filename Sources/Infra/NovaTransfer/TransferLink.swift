import NIOCore
import NovaCore

/// The messages that come over a connection, in order; reading slowly slows the peer down.
struct LinkReader {
    private var iterator: NIOAsyncChannelInboundStream<ByteBuffer>.AsyncIterator
    private var frames = FrameReader()

    init(_ inbound: NIOAsyncChannelInboundStream<ByteBuffer>) { iterator = inbound.makeAsyncIterator() }

    /// The peer was let in, or we were: larger messages may come.
    mutating func allowData() { frames.limit = TransferFrame.bodyLimit }

    /// The next message; nil when the peer has closed the connection between two.
    ///
    /// - Throws: ``NovaError`` `unavailable` when the connection broke, `timeout` after too long a silence, `malformed`.
    mutating func next() async throws -> TransferFrame? {
        do {
            while true {
                if let frame = try frames.next() { return frame }
                guard let buffer = try await iterator.next() else {
                    guard frames.isAtBoundary else { throw TransferLink.broken("in a message") }
                    return nil
                }
                frames.append(buffer.readableBytesView)
            }
        } catch {
            throw TransferLink.error(error)
        }
    }
}

/// Sends messages over a connection, one after the other; each call returns when the system has taken the bytes.
struct LinkWriter: Sendable {
    private let channel: any Channel

    init(_ channel: any Channel) { self.channel = channel }

    /// Sends a message.
    ///
    /// - Throws: ``NovaError`` `unavailable` when the connection broke; a task that is cancelled closes it.
    func send(_ frame: TransferFrame) async throws {
        let buffer = ByteBuffer(bytes: frame.encoded())
        do {
            try await withTaskCancellationHandler {
                try Task.checkCancellation()
                try await channel.writeAndFlush(buffer).get()
            } onCancel: {
                channel.close(promise: nil)
            }
        } catch {
            throw TransferLink.error(error)
        }
    }

    /// Ends the connection at once: what waits for its messages ends as well.
    func close() { channel.close(promise: nil) }
}

/// What the two directions of a connection share.
enum TransferLink {
    /// Adds what every connection has above TLS: the end of one that is silent.
    static func guardSilence(_ channel: any Channel, limit: Duration) throws {
        let limit = TimeAmount.nanoseconds(limit.microseconds * 1_000)
        try channel.pipeline.syncOperations.addHandlers([IdleStateHandler(allTimeout: limit), SilenceHandler()])
    }

    /// An error of a connection as one of ours.
    static func error(_ error: any Error) -> NovaError {
        if let error = error as? NovaError { return error }
        if error is CancellationError || Task.isCancelled { return NovaError(CancellationError()) }
        return broken("\(error)")
    }

    static func broken(_ details: String) -> NovaError {
        NovaError(.unavailable, "The connection to the other compute host broke.", details: details)
    }
}

/// Closes a connection on which nothing moved for too long.
private final class SilenceHandler: ChannelInboundHandler {
    typealias InboundIn = NIOAny

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        guard event is IdleStateHandler.IdleStateEvent else { return context.fireUserInboundEventTriggered(event) }
        context.fireErrorCaught(NovaError(.timeout, "The other compute host has been silent for too long."))
        context.close(promise: nil)
    }
}
