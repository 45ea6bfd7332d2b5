public import NovaSchema

/// The methods of HTTP that APIs use.
public enum HTTPVerb: String, Sendable, Hashable, CaseIterable {
    case get = "GET"
    case post = "POST"
    case put = "PUT"
    case patch = "PATCH"
    case delete = "DELETE"
    case head = "HEAD"
}

/// What a body must look like from a microversion on.
public struct BodySchema: Sendable {
    public var since: Microversion?
    public var schema: JSONSchema

    /// The schema from a microversion on; nil means from the first.
    public init(since: Microversion? = nil, _ schema: JSONSchema) {
        self.since = since
        self.schema = schema
    }
}

/// One operation of a REST API, declared once: routing, version gate, validation, policy and documents come from it.
public struct Operation: Sendable {
    /// What answers a request.
    public typealias Handler = @Sendable (APIRequest) async throws -> APIResponse

    public let verb: HTTPVerb
    /// The path below the API's prefix; `{name}` stands for one segment, a last `{name...}` for all that follow.
    public let path: String
    /// The name of the policy rule and of the metrics label: `os_compute_api:servers:show`.
    public let name: String
    /// For operations that share `POST …/action`: the one key of the body that chooses this one.
    public let action: String?
    public let since: Microversion?
    public let until: Microversion?
    /// The newest that fits the version wins; empty: the operation takes no body.
    public let body: [BodySchema]
    /// Whether the body may be left out.
    public let bodyIsOptional: Bool
    /// Rules for the query parameters; the newest that fits the version wins; empty: not checked.
    public let query: [BodySchema]
    /// Media types besides JSON's that hold a JSON body.
    public let contentTypes: [String]
    /// Whether the handler reads the body itself, chunk by chunk.
    public let streamsBody: Bool
    /// Bytes; a longer body is answered with 413.
    ///
    /// Not applied to streamed bodies.
    public let maximumBody: Int
    /// The default rule; nil: no token needed.
    public let policy: String?
    /// Whether the handler compares the rule with its target, as it must look that up first; else that is the caller.
    public let authorizesItself: Bool
    public let success: Int
    public let summary: String
    let handler: Handler

    public init(
        _ verb: HTTPVerb, _ path: String, name: String, action: String? = nil, since: Microversion? = nil,
        until: Microversion? = nil, body: [BodySchema] = [], bodyIsOptional: Bool = false, query: [BodySchema] = [],
        contentTypes: [String] = [], streamsBody: Bool = false, maximumBody: Int = 114_688, policy: String?,
        authorizesItself: Bool = false, success: Int = 200, summary: String, _ handler: @escaping Handler
    ) {
        self.verb = verb
        self.path = path
        self.name = name
        self.action = action
        self.since = since
        self.until = until
        self.body = body
        self.bodyIsOptional = bodyIsOptional
        self.query = query
        self.contentTypes = contentTypes
        self.streamsBody = streamsBody
        self.maximumBody = maximumBody
        self.policy = policy
        self.authorizesItself = authorizesItself
        self.success = success
        self.summary = summary
        self.handler = handler
    }

    /// Whether the operation exists in a microversion.
    func exists(in version: Microversion) -> Bool {
        version >= since ?? version && version <= until ?? version
    }

    /// The newest of some schemas that fits a version.
    static func newest(of schemas: [BodySchema], in version: Microversion) -> JSONSchema? {
        schemas.filter { $0.since ?? version <= version }
            .max { $0.since ?? Microversion(0, 0) < $1.since ?? Microversion(0, 0) }?.schema
    }
}
