import HummingbirdCore
import NIOCore
import NovaCore

/// The chunks of a request's body as they arrive; reading slowly slows the sender down.
///
/// Read it once.
public struct BodyStream: AsyncSequence, Sendable {
    public typealias Element = [UInt8]

    private let base: RequestBody

    init(_ base: RequestBody) { self.base = base }

    /// A body of known bytes.
    public init(bytes: [UInt8]) { base = RequestBody(buffer: ByteBuffer(bytes: bytes)) }

    /// Reads the chunks in order.
    public struct AsyncIterator: AsyncIteratorProtocol {
        fileprivate var base: RequestBody.AsyncIterator

        /// The next chunk, nil at the end.
        ///
        /// - Throws: ``NovaError`` `badRequest` when the connection breaks before the body ends.
        public mutating func next() async throws -> [UInt8]? {
            while let buffer = try await buffer() {
                if buffer.readableBytes > 0 { return Array(buffer.readableBytesView) }
            }
            return nil
        }

        private mutating func buffer() async throws -> ByteBuffer? {
            do {
                return try await base.next()
            } catch is CancellationError {
                throw CancellationError()
            } catch {
                throw NovaError(.badRequest, "The connection broke before the body ended.", details: "\(error)")
            }
        }
    }

    /// An iterator over the chunks.
    public func makeAsyncIterator() -> AsyncIterator { AsyncIterator(base: base.makeAsyncIterator()) }

    /// The whole body.
    ///
    /// - Throws: ``NovaError`` `tooLarge` when it has more bytes than `limit`.
    public func collect(atMost limit: Int) async throws -> [UInt8] {
        var bytes: [UInt8] = []
        for try await chunk in self {
            guard bytes.count + chunk.count <= limit else { throw NovaError(.tooLarge, "Request is too large.") }
            if bytes.isEmpty { bytes = chunk } else { bytes.append(contentsOf: chunk) }
        }
        return bytes
    }
}
