import Glibc
import Logging
import NIOCore
import NIOPosix
import NovaCore
import Synchronization

/// A unix socket on this host behind which a stream of another one lies: each connection to it becomes one to that host.
struct StreamDoor: Sendable {
    /// A hypervisor opens a few connections for one migration.
    private static let limit = 16

    let connector: TransferConnector
    let metrics: TransferMetrics
    let log: Logger

    /// Listens until the task is cancelled.
    ///
    /// - Parameter opened: told when connections are taken.
    func run(
        _ stream: String, at path: String, mode: UInt32, to peer: TransferPeer, opened: @Sendable () -> Void
    ) async throws {
        let server: NIOAsyncChannel<ByteChannel, Never>
        do {
            server = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
                .childChannelOption(.allowRemoteHalfClosure, value: true)
                .bind(unixDomainSocketPath: path, cleanupExistingSocketFile: true) { channel in
                    channel.eventLoop.makeCompletedFuture { try NIOAsyncChannel(wrappingChannelSynchronously: channel) }
                }
        } catch {
            throw NovaError(.internal, "A stream cannot be offered to the hypervisor.", details: "\(path): \(error)")
        }
        defer { unlink(path) }
        guard chmod(path, mode) == 0 else { throw TransferIO.failure("change the mode of", path) }
        opened()
        let count = Counted()
        try await AcceptLoop.run(server) { local in
            let isTooMany = count.next() > Self.limit
            await serve(local, stream, peer, isTooMany)
        }
    }

    private func serve(
        _ local: ByteChannel, _ stream: String, _ peer: TransferPeer, _ isTooMany: Bool
    ) async {
        do {
            try await local.executeThenClose { inbound in
                // Nothing that goes on needs so many: closed at once.
                guard !isTooMany else { return }
                try await join(inbound, local.channel, stream, peer)
            }
        } catch {
            log.warning("a stream broke", metadata: ["stream": "\(stream)", "error": "\(TransferLink.error(error))"])
        }
    }

    private func join(
        _ inbound: NIOAsyncChannelInboundStream<ByteBuffer>, _ local: any Channel, _ stream: String,
        _ peer: TransferPeer
    ) async throws {
        try await connector.connect(to: peer, stream: stream) { reader, writer in
            switch try await reader.next() {
            case .welcome: break
            case .refused(let refusal): throw refusal.error
            default: throw TransferFrame.malformed("no answer to a greeting")
            }
            try await StreamSplice(metrics: metrics, beat: connector.limits.silence / 3)
                .join(&reader, writer, inbound, local)
        }
    }
}

/// Counts what several tasks do.
private final class Counted: Sendable {
    private let value = Mutex(0)
    func next() -> Int {
        value.withLock { value in
            value += 1
            return value
        }
    }
}
