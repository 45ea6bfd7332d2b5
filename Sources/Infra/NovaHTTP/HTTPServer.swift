import HTTPTypes
import HummingbirdCore
public import Logging
import NIOCore
import NIOPosix
public import NovaCore
public import NovaPolicy
public import NovaTelemetry
import Synchronization

/// Serves APIs over HTTP/1.1, with TLS when it has a certificate.
public final class HTTPServer: Sendable {
    /// How long requests in progress may take to end once the server is to stop.
    private static let grace = Duration.seconds(10)
    private static let policyEvery = Duration.milliseconds(500)

    private let host: String
    private let port: Int
    private let certificate: ServerCertificate?
    private let maximumConnections: Int
    private let log: Logger
    private let pipeline: RequestPipeline
    private let policy: PolicySource
    private let onPolicy: @Sendable (String?) -> Void
    private let listening = ListeningState()
    private let hasRun = Mutex(false)

    /// A server that is not listening yet.
    ///
    /// - Parameters:
    ///   - port: 0 for any free one; see ``waitUntilListening()``.
    ///   - authenticator: nil when no operation needs a token.
    ///   - policy: rules beside the operations' defaults, and the file that overrides them.
    ///   - onPolicy: told when the policy file was read again: nil when it is in force, else why it is not.
    ///   - certificate: what it shows to clients, which then must speak TLS 1.2 or later; nil for plain HTTP.
    ///   - authURI: where clients get tokens, told with 401.
    ///   - served: told of each answered request that may have changed something; must not wait.
    ///   - trustsForwardedHeaders: whether a proxy in front sets `X-Forwarded-Proto` and `X-Forwarded-Host`.
    /// - Throws: ``NovaError`` `badRequest` for a policy rule that is not valid.
    public init(
        name: String, host: String, port: Int, apis: [API], authenticator: (any Authenticator)?,
        policy: PolicySource = PolicySource(), certificate: ServerCertificate? = nil, log: Logger,
        authURI: String = "", metrics: MetricsRegistry = .shared,
        served: @escaping @Sendable (ServedRequest) -> Void = { _ in },
        trustsForwardedHeaders: Bool = false, maximumConnections: Int = 4096,
        onPolicy: @escaping @Sendable (String?) -> Void = { _ in }
    ) throws {
        self.host = host
        self.port = port
        self.certificate = certificate
        self.maximumConnections = maximumConnections
        self.log = log
        self.policy = policy
        self.onPolicy = onPolicy
        pipeline = try RequestPipeline(
            apis: apis, authenticator: authenticator, policy: policy, authURI: authURI,
            trustsForwardedHeaders: trustsForwardedHeaders, fallbackHost: "\(host):\(port)",
            isSecure: certificate != nil, log: log,
            metrics: RequestMetrics(service: name, registry: metrics), served: served)
    }

    /// The port the server listens on; waits until it does.
    ///
    /// - Throws: ``NovaError`` `unavailable` when it cannot listen.
    public func waitUntilListening() async throws -> Int { try await listening.port() }

    /// Serves until the task is cancelled; then requests in progress get ten seconds to end.
    ///
    /// Runs once.
    /// - Throws: ``NovaError`` `unavailable` when the address cannot be listened on.
    public func run() async throws {
        let isFirst = hasRun.withLock { hasRun in
            defer { hasRun = true }
            return !hasRun
        }
        guard isFirst else {
            throw NovaError(.internal, "An internal error occurred.", details: "HTTPServer.run twice")
        }
        let server = Server(
            childChannelSetup: ServerChannel(
                base: HTTP1Channel(
                    responder: { [pipeline] request, writer, channel in
                        try await Self.answer(request, writer, pipeline)
                    },
                    configuration: HTTP1Channel.Configuration(
                        idleTimeout: .seconds(75),
                        httpDecoderConfiguration: .init(
                            maxHeaderFieldSize: 32 * 1024, maxHeaderListSize: 64 * 1024, maxHeaderFieldCount: 128))),
                certificate: certificate),
            configuration: ServerConfiguration(
                address: .hostname(host, port: port), backlog: 1024,
                availableConnectionsDelegate: MaximumAvailableConnections(maximumConnections, logger: log)),
            onServerRunning: { [listening] channel in
                listening.resolve(.success(channel.localAddress?.port ?? 0))
            },
            eventLoopGroup: MultiThreadedEventLoopGroup.singleton, logger: log)
        let watch = Task { await self.watchPolicy() }
        defer { watch.cancel() }
        // Unstructured: cancelling us must not cancel requests in progress at once.
        let work = Task { try await server.run() }
        do {
            try await withTaskCancellationHandler {
                try await work.value
            } onCancel: {
                Task {
                    let force = Task {
                        try await Task.sleep(for: Self.grace)
                        work.cancel()
                    }
                    try? await server.shutdownGracefully()  // its only failure is that the server has gone already
                    force.cancel()
                }
            }
            listening.resolve(.failure(NovaError(.cancelled, "The server has stopped.")))
        } catch {
            let failure = NovaError(
                .unavailable, "Cannot listen on \(host) port \(port). Is it in use?", details: "\(error)")
            listening.resolve(.failure(failure))
            if Task.isCancelled { return }
            throw failure
        }
    }

    /// Takes a changed policy file within a second, or says why it does not.
    private func watchPolicy() async {
        guard !policy.path.isEmpty else { return }
        while !Task.isCancelled {
            switch policy.refresh() {
            case .unchanged: break
            case .loaded:
                log.notice("the policy file was read again", metadata: ["file": "\(policy.path)"])
                onPolicy(nil)
            case .refused(let why):
                log.error(
                    "the changed policy file is not in force, the rules before it are",
                    metadata: ["file": "\(policy.path)", "why": "\(why)"])
                onPolicy(why)
            }
            try? await Task.sleep(for: Self.policyEvery)  // it ends early only when we are cancelled
        }
    }

    private static func answer(
        _ request: Request, _ writer: consuming ResponseWriter, _ pipeline: RequestPipeline
    ) async throws {
        if let expect = request.headers[.expect], expect.lowercased() == "100-continue" {
            try await writer.writeInformationalHead(HTTPResponse(status: .continue))
        }
        let response = await pipeline.respond(
            to: IncomingRequest(
                method: request.method.rawValue, target: request.head.path ?? "/", authority: request.head.authority,
                fields: request.headers, body: BodyStream(request.body)))
        var fields = HTTPFields()
        for (name, value) in response.headers {
            if let name = HTTPField.Name(name) { fields.append(HTTPField(name: name, value: value)) }
        }
        if let length = response.length, fields[.contentLength] == nil { fields[.contentLength] = "\(length)" }
        let head = HTTPResponse(status: HTTPResponse.Status(code: response.status), headerFields: fields)
        switch response.body {
        case .none: try await writer.writeResponse(head)
        case .bytes(let bytes):
            try await writer.write(response: head, body: ResponseBody(byteBuffer: ByteBuffer(bytes: bytes)))
        case .stream(let length, let produce):
            try await stream(head, length, produce, to: writer)
        }
    }

    private static let wrongLength = NovaError(
        .internal, "An internal error occurred.", details: "a streamed body has another length than announced")

    private static func stream(
        _ head: HTTPResponse, _ length: Int?, _ produce: @escaping APIResponse.Producer,
        to writer: consuming ResponseWriter
    ) async throws {
        let body = ResponseBody(contentLength: length) { writer in
            var written = 0
            try await produce { chunk in
                written += chunk.count
                if let length, written > length { throw Self.wrongLength }
                if !chunk.isEmpty { try await writer.write(ByteBuffer(bytes: chunk)) }
            }
            if let length, written != length { throw Self.wrongLength }
            try await writer.finish(nil)
        }
        try await writer.write(response: head, body: body)
    }
}
