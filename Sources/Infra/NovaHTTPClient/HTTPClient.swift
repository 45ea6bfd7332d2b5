import AsyncHTTPClient
import Logging
import NIOCore
import NIOHTTP1
import NIOSSL
import NovaCore
import Synchronization

/// Asks peers over HTTP: pooled connections, a deadline for every request, bounded bodies.
///
/// It owns no threads. Call ``shutdown()`` when it is no longer needed: that closes its connections.
public final class HTTPClient: Sendable {
    /// The most bytes of an answer that ``request(_:_:headers:body:timeout:limit:)`` keeps, unless told otherwise.
    public static let bodyLimit = 8 << 20

    private let base: AsyncHTTPClient.HTTPClient
    private let isShut = Mutex(false)

    /// A client; redirects are answers, not followed.
    ///
    /// - Parameters:
    ///   - addresses: where named hosts are, in place of asking the name servers.
    ///   - authorities: a file of certificates that servers must be signed by; empty means the system's.
    ///   - readTimeout: how long a peer may send nothing in the middle of an answer; nil means as long as the request.
    public init(
        connectTimeout: Duration = .seconds(10), connectionsPerHost: Int = 32, addresses: [String: String] = [:],
        authorities: String = "", readTimeout: Duration? = nil
    ) {
        var configuration = AsyncHTTPClient.HTTPClient.Configuration()
        configuration.redirectConfiguration = .disallow
        configuration.decompression = .disabled
        configuration.httpVersion = .http1Only
        configuration.timeout.connect = .nanoseconds(connectTimeout.milliseconds * 1_000_000)
        configuration.timeout.read = readTimeout.map { .nanoseconds($0.milliseconds * 1_000_000) }
        configuration.connectionPool.concurrentHTTP1ConnectionsPerHostSoftLimit = connectionsPerHost
        configuration.dnsOverride = addresses
        var security = TLSConfiguration.makeClientConfiguration()
        security.minimumTLSVersion = .tlsv12
        if !authorities.isEmpty { security.trustRoots = .file(authorities) }
        configuration.tlsConfiguration = security
        configuration.connectionPool.retryConnectionEstablishment = false
        base = AsyncHTTPClient.HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
    }

    /// Sends a request and reads the whole answer, of any status.
    ///
    /// - Throws: ``NovaError`` `unavailable` (no connection, or it broke), `timeout`, `tooLarge`, `badRequest` (URL).
    public func request(
        _ verb: String, _ url: String, headers: [(String, String)] = [], body: [UInt8]? = nil,
        timeout: Duration = .seconds(30), limit: Int = HTTPClient.bodyLimit
    ) async throws -> HTTPResponse {
        var request = try prepare(verb, url, headers)
        if let body { request.body = .bytes(ByteBuffer(bytes: body)) }
        return try await perform(request, timeout: timeout, limit: limit)
    }

    /// Sends a body that is made while it is sent; the peer's slowness slows the sequence down.
    ///
    /// - Parameter length: bytes, when known; else the body is sent in chunks.
    /// - Throws: as ``request(_:_:headers:body:timeout:limit:)``.
    public func upload<Chunks: AsyncSequence & Sendable>(
        _ verb: String, _ url: String, headers: [(String, String)] = [], length: Int64?, chunks: Chunks,
        timeout: Duration, limit: Int = HTTPClient.bodyLimit
    ) async throws -> HTTPResponse where Chunks.Element == [UInt8] {
        var request = try prepare(verb, url, headers)
        request.body = .stream(
            chunks.map { ByteBuffer(bytes: $0) }, length: length.map { .known($0) } ?? .unknown)
        return try await perform(request, timeout: timeout, limit: limit)
    }

    /// Gets a body chunk by chunk; `onChunk` is called one chunk at a time and slows the peer down.
    ///
    /// For a status from 300 on nothing is handed to `onChunk`.
    /// - Throws: as ``request(_:_:headers:body:timeout:limit:)``, and what `onChunk` throws.
    public func download(
        _ url: String, headers: [(String, String)] = [], timeout: Duration,
        onChunk: @escaping @Sendable ([UInt8]) async throws -> Void
    ) async throws -> (status: Int, headers: [(String, String)]) {
        let request = try prepare("GET", url, headers)
        return try await Deadline.after(timeout).bound("GET \(Self.shown(url))") { [base] in
            let response = try await Self.execute(base, request, timeout)
            if response.status.code < 300 {
                var chunks = response.body.makeAsyncIterator()
                while let buffer = try await Self.mapped(request, { try await chunks.next() }) {
                    try await onChunk(Array(buffer.readableBytesView))
                }
            }
            return (Int(response.status.code), response.headers.map { ($0.name, $0.value) })
        }
    }

    /// Sends a GET and gives the answer's head; its body is read later.
    ///
    /// - Parameter timeout: until the head is there.
    /// - Throws: as ``request(_:_:headers:body:timeout:limit:)``.
    public func open(
        _ url: String, headers: [(String, String)] = [], timeout: Duration
    ) async throws -> HTTPDownload {
        let request = try prepare("GET", url, headers)
        let response = try await Deadline.after(timeout).bound("GET \(Self.shown(url))") { [base] in
            // The library's own time would end the body, too.
            try await Self.execute(base, request, .seconds(86_400))
        }
        return HTTPDownload(
            status: Int(response.status.code), headers: response.headers.map { ($0.name, $0.value) }, request: request,
            body: response.body)
    }

    /// Closes all connections; requests in progress fail.
    ///
    /// Later calls change nothing.
    public func shutdown() async {
        let isFirst = isShut.withLock { isShut in
            defer { isShut = true }
            return !isShut
        }
        guard isFirst else { return }
        try? await base.shutdown()  // its only failure is that it was shut already
    }

    private func prepare(_ verb: String, _ url: String, _ headers: [(String, String)]) throws -> HTTPClientRequest {
        guard !isShut.withLock({ $0 }) else { throw NovaError(.cancelled, "The HTTP client has been shut down.") }
        var request = HTTPClientRequest(url: url)
        request.method = HTTPMethod(rawValue: verb)
        request.headers = HTTPHeaders(headers)
        if let context = RequestContext.current, !request.headers.contains(name: "X-OpenStack-Request-ID") {
            request.headers.add(name: "X-OpenStack-Request-ID", value: context.requestID)
        }
        return request
    }

    private func perform(_ request: HTTPClientRequest, timeout: Duration, limit: Int) async throws -> HTTPResponse {
        let action = "\(request.method.rawValue) \(Self.shown(request.url))"
        return try await Deadline.after(timeout).bound(action) { [base] in
            let response = try await Self.execute(base, request, timeout)
            var body: [UInt8] = []
            var chunks = response.body.makeAsyncIterator()
            while let buffer = try await Self.mapped(request, { try await chunks.next() }) {
                guard body.count + buffer.readableBytes <= limit else {
                    throw NovaError(.tooLarge, "The answer of another service is too long.", details: request.url)
                }
                body.append(contentsOf: buffer.readableBytesView)
            }
            return HTTPResponse(
                status: Int(response.status.code), headers: response.headers.map { ($0.name, $0.value) }, body: body)
        }
    }

    private static func execute(
        _ base: AsyncHTTPClient.HTTPClient, _ request: HTTPClientRequest, _ timeout: Duration
    ) async throws -> HTTPClientResponse {
        try await mapped(request) {
            try await base.execute(request, timeout: .nanoseconds(timeout.milliseconds * 1_000_000))
        }
    }

    /// Runs a step and turns the library's errors into ours.
    static func mapped<T>(_ request: HTTPClientRequest, _ step: () async throws -> T) async throws -> T {
        do {
            return try await step()
        } catch let error as HTTPClientError {
            let details = "\(request.method.rawValue) \(shown(request.url)): \(error)"
            switch error {
            case .cancelled: throw CancellationError()
            case .deadlineExceeded, .readTimeout, .writeTimeout:
                throw NovaError(.timeout, "Another service did not answer in time.", details: details)
            case .invalidURL, .emptyHost, .emptyScheme, .missingSocketPath:
                throw NovaError(.badRequest, "The URL is not valid.", details: details)
            default: throw NovaError(.unavailable, "Another service cannot be reached.", details: details)
            }
        } catch let error as NovaError {
            throw error
        } catch is CancellationError {
            throw CancellationError()
        } catch {
            throw NovaError(
                .unavailable, "Another service cannot be reached.",
                details: "\(request.method.rawValue) \(shown(request.url)): \(error)")
        }
    }

    /// A URL for logs: without query, which may hold secrets.
    private static func shown(_ url: String) -> String { String(url.prefix { $0 != "?" }.prefix(300)) }
}
