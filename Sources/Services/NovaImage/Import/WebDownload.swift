import NovaCore
import NovaHTTPClient

/// Fetches an image from a server of the user's choice, within what the operator allows.
///
/// Each address is checked before it is connected to, and again for each redirection; the connection goes to the
/// address that was checked.
struct WebDownload: Sendable {
    private static let redirections = 5

    let filter: ImportFilter
    /// For the whole download.
    var timeout = Duration.seconds(3600)

    /// Hands the data on, chunk by chunk.
    ///
    /// - Throws: ``NovaError`` `badRequest` for what may not be fetched, `unavailable`, and what `onChunk` throws.
    func fetch(_ uri: String, onChunk: @escaping @Sendable ([UInt8]) async throws -> Void) async throws {
        var uri = uri
        for _ in 0...Self.redirections {
            guard let next = try await get(uri, onChunk) else { return }
            uri = next
        }
        throw NovaError(.badRequest, "The server of the image redirects too often.")
    }

    /// Gets one URI; the next one when the server redirects.
    private func get(
        _ uri: String, _ onChunk: @escaping @Sendable ([UInt8]) async throws -> Void
    ) async throws -> String? {
        let target = try filter.target(uri)
        let address = try await withTaskExecutorPreference(BlockingThreads.shared) {
            try await self.address(of: target)
        }
        let client = HTTPClient(connectionsPerHost: 1, addresses: [target.host: address])
        let answer: (status: Int, headers: [(String, String)])
        do {
            answer = try await client.download(uri, headers: [("Accept", "*/*")], timeout: timeout) { chunk in
                try await withTaskExecutorPreference(BlockingThreads.shared) { try await onChunk(chunk) }
            }
        } catch {
            await client.shutdown()
            throw error
        }
        await client.shutdown()
        switch answer.status {
        case 200: return nil
        case 301, 302, 303, 307, 308:
            guard let place = answer.headers.first(where: { $0.0.lowercased() == "location" })?.1 else {
                throw NovaError(.unavailable, "The server of the image redirects to nowhere.")
            }
            return Self.resolved(place, against: uri, target)
        default: throw NovaError(.unavailable, "The server of the image answered with status \(answer.status).")
        }
    }

    // Nonisolated and asynchronous, so that it runs on the preferred executor.
    private func address(of target: ImportFilter.Target) async throws -> String { try filter.address(of: target) }

    /// Where a redirection leads that may leave out the server; paths relative to the old one are not followed.
    private static func resolved(_ place: String, against uri: String, _ target: ImportFilter.Target) -> String {
        if place.hasPrefix("//") { return "\(target.scheme):\(place)" }
        guard place.hasPrefix("/"), let start = uri.firstRange(of: "://") else { return place }
        return "\(uri[..<start.upperBound])\(uri[start.upperBound...].prefix { $0 != "/" && $0 != "?" })\(place)"
    }
}
