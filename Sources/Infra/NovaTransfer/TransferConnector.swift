import NIOCore
import NIOPosix
import NovaCore

/// Connects to other compute hosts.
struct TransferConnector: Sendable {
    let tls: TransferTLS
    let limits: TransferLimits

    /// Connects, says what allows it, and hands the connection to a body; it is closed when that ends.
    ///
    /// - Throws: ``NovaError`` `unavailable` when the host cannot be reached, `forbidden` when another one answers.
    func connect<Result: Sendable>(
        to peer: TransferPeer, stream: String = "",
        _ body: (inout LinkReader, LinkWriter) async throws -> Result
    ) async throws -> Result {
        let mismatch = PinMismatch()
        do {
            let channel = try await channel(to: peer, mismatch)
            let writer = LinkWriter(channel.channel)
            return try await channel.executeThenClose { inbound in
                var reader = LinkReader(inbound)
                reader.allowData()
                try await writer.send(.hello(TransferHello(grant: peer.grant, stream: stream)))
                return try await body(&reader, writer)
            }
        } catch {
            guard !mismatch.isNoted else {
                throw NovaError(
                    .forbidden, "Another compute host answered than the one that was meant.",
                    details: "\(peer.address):\(peer.port) has another certificate")
            }
            throw TransferLink.error(error)
        }
    }

    func channel(
        to peer: TransferPeer, _ mismatch: PinMismatch
    ) async throws -> ByteChannel {
        try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .connectTimeout(.nanoseconds(limits.greeting.microseconds * 1_000))
            .channelOption(.socketOption(.so_keepalive), value: 1)
            .connect(host: peer.address, port: peer.port) { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(
                        tls.clientHandler(pinned: peer.fingerprint, mismatch: mismatch))
                    try TransferLink.guardSilence(channel, limit: limits.silence)
                    return try NIOAsyncChannel(wrappingChannelSynchronously: channel)
                }
            }
    }
}
