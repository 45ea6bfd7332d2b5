import AsyncHTTPClient
import NIOCore
public import NovaCore

/// An answer whose body is read while it arrives; reading slowly slows the peer down.
///
/// Forgotten before its end, it closes the connection.
public struct HTTPDownload: Sendable {
    public let status: Int
    public let headers: [(String, String)]
    let request: HTTPClientRequest
    let body: HTTPClientResponse.Body

    /// The first value of a header, whatever its case.
    public func header(_ name: String) -> String? {
        let wanted = name.lowercased()
        return headers.first { $0.0.lowercased() == wanted }?.1
    }

    /// Hands the body on, chunk by chunk; once only.
    ///
    /// - Throws: ``NovaError`` `unavailable` when the connection breaks, `timeout` when the deadline passes or nothing
    ///   comes for the client's `readTimeout`, and what `onChunk` throws.
    public func read(until deadline: Deadline, _ onChunk: ([UInt8]) async throws -> Void) async throws {
        var chunks = body.makeAsyncIterator()
        while let buffer = try await HTTPClient.mapped(request, { try await chunks.next() }) {
            guard !deadline.hasPassed else {
                throw NovaError(.timeout, "Another service did not answer in time.", details: request.url)
            }
            try await onChunk(Array(buffer.readableBytesView))
        }
    }
}
