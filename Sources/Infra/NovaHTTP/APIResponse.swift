public import NovaSchema

/// An answer of an operation.
public struct APIResponse: Sendable {
    /// Writes a body chunk by chunk; returns from `write` when the peer has taken enough of it.
    public typealias Producer =
        @Sendable (_ write: ([UInt8]) async throws -> Void) async throws -> Void

    enum Body: Sendable {
        case none
        case bytes([UInt8])
        case stream(length: Int?, Producer)
    }

    public var status: Int
    public var headers: [(String, String)]
    var body: Body

    init(status: Int, headers: [(String, String)], body: Body) {
        self.status = status
        self.headers = headers
        self.body = body
    }

    /// A tree as JSON, with status 200.
    public static func json(_ value: JSONValue, headers: [(String, String)] = []) -> APIResponse {
        .json(200, headers: headers, value)
    }

    /// A tree as JSON.
    public static func json(
        _ status: Int, headers: [(String, String)] = [], _ value: JSONValue
    ) -> APIResponse {
        .bytes(status, contentType: "application/json", value.serialized(), headers: headers)
    }

    /// JSON that the closure writes; a long text is sent in pieces.
    public static func written(
        _ status: Int = 200, headers: [(String, String)] = [], _ body: (inout JSONWriter) throws -> Void
    ) rethrows -> APIResponse {
        var writer = JSONWriter()
        try body(&writer)
        let pieces = writer.finish()
        let type = "application/json"
        if pieces.count == 1, let whole = pieces.first {
            return .bytes(status, contentType: type, whole, headers: headers)
        }
        let length = pieces.reduce(0) { $0 + $1.count }
        return .stream(status, contentType: type, length: length, headers: headers) { write in
            for piece in pieces { try await write(piece) }
        }
    }

    /// No body.
    public static func empty(_ status: Int, headers: [(String, String)] = []) -> APIResponse {
        APIResponse(status: status, headers: headers, body: .none)
    }

    /// A body of bytes.
    public static func bytes(
        _ status: Int = 200, contentType: String, _ bytes: [UInt8], headers: [(String, String)] = []
    ) -> APIResponse {
        APIResponse(status: status, headers: headers + [("Content-Type", contentType)], body: .bytes(bytes))
    }

    /// A body that is made while it is sent; `length` in bytes when it is known.
    ///
    /// When the closure throws, or writes another length, the connection is closed, so that the client sees it.
    public static func stream(
        _ status: Int = 200, contentType: String, length: Int?, headers: [(String, String)] = [],
        _ produce: @escaping Producer
    ) -> APIResponse {
        APIResponse(
            status: status, headers: headers + [("Content-Type", contentType)], body: .stream(length: length, produce))
    }

    /// The body's length when it is known before it is sent.
    var length: Int? {
        switch body {
        case .none: 0
        case .bytes(let bytes): bytes.count
        case .stream(let length, _): length
        }
    }
}
