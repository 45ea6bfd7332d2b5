import HTTPTypes
public import NovaCore
public import NovaPolicy
public import NovaSchema

/// A request that has passed the gates: route, version, token, schema, policy.
public struct APIRequest: Sendable {
    public let verb: HTTPVerb
    /// The path as sent, without the query.
    public let path: String
    /// The values of the `{names}` of the operation's path, decoded.
    public let parameters: [String: String]
    /// The query's pairs in order, decoded.
    public let query: [(name: String, value: String)]
    public let version: Microversion
    /// The parsed body; null when the operation takes none or the client left it out.
    public let body: JSONValue
    /// The body's chunks, for operations that stream it; for others it has been read.
    public let bodyStream: BodyStream
    /// The body's length as announced.
    public let contentLength: Int?
    /// Who asks and under which id; also in `RequestContext.current`.
    public let context: RequestContext
    /// `scheme://host[:port]` as the client sees it.
    public let baseURL: String
    /// The API's prefix with the project's id when the client put it there: the start of self links.
    public let apiPath: String
    /// The project's id when it was part of the path.
    public let projectInPath: String?
    public let policy: Policy
    /// The name of the operation.
    public let operation: String
    /// The caller, nil when the operation needs no token.
    public let callerIfAny: Caller?
    let fields: HTTPFields
    let authenticator: (any Authenticator)?

    /// The caller.
    ///
    /// - Throws: ``NovaError`` `unauthorized` when the operation is one that needs no token.
    public var caller: Caller {
        get throws {
            guard let callerIfAny else { throw Self.unauthorized() }
            return callerIfAny
        }
    }

    static func unauthorized() -> NovaError {
        NovaError(.unauthorized, "The request you have made requires authentication.")
    }

    /// The caller of an operation that needs no token but was sent one.
    ///
    /// - Throws: ``NovaError`` `unauthorized` without a valid token, `unavailable` when that cannot be known.
    public func authenticated() async throws -> Caller {
        if let callerIfAny { return callerIfAny }
        guard let authenticator, let token = header("X-Auth-Token"), !token.isEmpty else { throw Self.unauthorized() }
        return try await authenticator.authenticate(token: token)
    }

    /// The first value of a query parameter.
    public func query(_ name: String) -> String? { query.first { $0.name == name }?.value }

    /// All values of a query parameter.
    public func queries(_ name: String) -> [String] { query.lazy.filter { $0.name == name }.map(\.value) }

    /// A header's value, whatever its case.
    public func header(_ name: String) -> String? { fields.value(of: name) }

    /// The value of a `{name}` of the path.
    ///
    /// - Throws: ``NovaError`` `internal` when the operation's path has no such name.
    public func parameter(_ name: String) throws -> String {
        guard let value = parameters[name] else {
            throw NovaError(.internal, "An internal error occurred.", details: "\(operation) has no parameter \(name)")
        }
        return value
    }

    /// Lets the caller pass for a target, by a rule (default: the operation's own).
    ///
    /// - Throws: ``NovaError`` `forbidden`.
    public func authorize(_ rule: String? = nil, target: [String: String]) throws {
        try policy.check(rule ?? operation, caller: caller.policyCaller, target: target)
    }

    /// Whether a rule lets the caller do something to a target (default: what is the caller's own).
    public func allows(_ rule: String, target: [String: String]? = nil) -> Bool {
        guard let callerIfAny else { return false }
        return policy.allows(rule, caller: callerIfAny.policyCaller, target: target ?? callerIfAny.ownTarget)
    }

    /// The page size that `limit` asks for, at most `maximum`; `fallback` when it is not given.
    ///
    /// - Throws: ``NovaError`` `badRequest` for what is no integer from 0 on.
    public func pageLimit(maximum: Int, fallback: Int? = nil) throws -> Int {
        guard let text = query("limit") else { return min(maximum, fallback ?? maximum) }
        guard let limit = Int(text) else { throw NovaError(.badRequest, "limit param must be an integer") }
        guard limit >= 0 else { throw NovaError(.badRequest, "limit param must be positive") }
        return min(limit, maximum)
    }
}
