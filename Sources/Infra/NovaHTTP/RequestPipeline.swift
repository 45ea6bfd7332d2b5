import Logging
import NovaCore
import NovaPolicy
import NovaSchema
import NovaTelemetry

/// What happens to each request, from the request line to the answer; knows nothing of sockets.
struct RequestPipeline: Sendable {
    private struct Mount: Sendable {
        let api: API
        let prefix: [String]
        var tree = RouteTree()
    }
    /// Where a request leads.
    private struct Destination {
        let api: API
        let candidates: [(operation: Operation, names: [String])]
        let values: [String]
        let projectInPath: String?
    }
    private struct Unroutable: Error {
        let style: FaultStyle
        let fault: APIFault
        /// Whether the answer has the framework's form instead of the API's.
        let isPlain: Bool
    }

    private let mounts: [Mount]
    private let authenticator: (any Authenticator)?
    private let policy: PolicySource
    private let authURI: String
    private let trustsForwardedHeaders: Bool
    private let fallbackHost: String
    private let isSecure: Bool
    private let log: Logger
    let metrics: RequestMetrics
    private let served: @Sendable (ServedRequest) -> Void

    init(
        apis: [API], authenticator: (any Authenticator)?, policy: PolicySource, authURI: String,
        trustsForwardedHeaders: Bool, fallbackHost: String, isSecure: Bool = false, log: Logger,
        metrics: RequestMetrics, served: @escaping @Sendable (ServedRequest) -> Void = { _ in }
    ) throws {
        mounts = apis.map { api in
            var mount = Mount(api: api, prefix: api.prefix.split(separator: "/").map(String.init))
            for (index, operation) in api.operations.enumerated() {
                mount.tree.add(operation.path, operation: index)
            }
            return mount
        }.sorted { $0.prefix.count > $1.prefix.count }
        try policy.add(defaults: apis.flatMap(\.policyDefaults))
        self.policy = policy
        self.authenticator = authenticator
        self.authURI = authURI
        self.trustsForwardedHeaders = trustsForwardedHeaders
        self.fallbackHost = fallbackHost
        self.isSecure = isSecure
        self.log = log
        self.metrics = metrics
        self.served = served
    }

    /// The answer to a request; errors have become faults.
    func respond(to incoming: IncomingRequest) async -> APIResponse {
        let started = ContinuousClock.now
        metrics.inFlight.inc()
        defer { metrics.inFlight.dec() }
        let requestID = RequestContext.newRequestID()
        var operation = "unrouted"
        var response = await route(incoming, requestID, &operation)
        if incoming.method == HTTPVerb.head.rawValue, response.length == nil || response.length != 0 {
            if let length = response.length { response.headers.append(("Content-Length", "\(length)")) }
            response.body = .none
        }
        response.headers.append(("X-Openstack-Request-Id", requestID))
        let time = ContinuousClock.now - started
        metrics.record(operation, status: response.status, time)
        if let verb = HTTPVerb(rawValue: incoming.method), verb != .get, verb != .head {
            served(
                ServedRequest(
                    id: requestID, verb: verb.rawValue, operation: operation, status: response.status, time: time))
        }
        log.info(
            "\(incoming.method) \(Self.shown(incoming.target)) \(response.status)",
            metadata: [
                "request_id": "\(requestID)", "operation": "\(operation)", "us": "\(time.microseconds)",
                "global_request_id": "\(Self.globalID(incoming) ?? "-")",
            ])
        return response
    }

    private func route(_ incoming: IncomingRequest, _ requestID: String, _ name: inout String) async -> APIResponse {
        let accept = incoming.header("Accept") ?? ""
        let destination: Destination
        let target: RequestTarget
        do {
            target = try RequestTarget(incoming.target)
            destination = try find(target, method: incoming.method)
        } catch let unroutable as Unroutable {
            if unroutable.isPlain {
                let title = HTTPReason.phrase(unroutable.fault.status)
                return FaultStyle.plain(unroutable.fault, title: title, accept: "json")
            }
            return unroutable.style.response(
                unroutable.fault, requestID: requestID, version: Microversion(1, 0), accept: accept)
        } catch {
            let style = mounts.first?.api.faults ?? .nova
            return style.response(
                style.fault(for: error), requestID: requestID, version: Microversion(1, 0), accept: accept)
        }
        let api = destination.api
        if let first = destination.candidates.first { name = first.operation.name }
        var version = api.microversions?.minimum ?? api.fixedVersion
        var response: APIResponse
        do {
            let caller = try await caller(of: incoming, destination)
            if let range = api.microversions { version = try range.negotiate(incoming.header) }
            response = try await perform(incoming, target, destination, version, caller, requestID, &name)
        } catch let error as NovaError where error.code == .unauthorized {
            log.debug("a request was not authenticated", metadata: ["request_id": "\(requestID)", "why": "\(error)"])
            response = refusal(error)
        } catch {
            let fault = api.faults.fault(for: error)
            if fault.status >= 500 {
                log.error("a request failed", metadata: ["request_id": "\(requestID)", "error": "\(error)"])
            } else {
                log.debug("a request was refused", metadata: ["request_id": "\(requestID)", "error": "\(error)"])
            }
            response = api.faults.response(fault, requestID: requestID, version: version, accept: accept)
        }
        if let range = api.microversions { response.headers.append(contentsOf: range.headers(version)) }
        if case .nova = api.faults { response.headers.append(("X-Compute-Request-Id", requestID)) }
        return response
    }

    /// What the filter in front of OpenStack's services answers without a valid token.
    private func refusal(_ error: NovaError) -> APIResponse {
        .written(401, headers: [("WWW-Authenticate", "Keystone uri=\"\(authURI)\"")]) { json in
            json.object {
                $0.field(
                    "error",
                    object: {
                        $0.field("code", 401)
                        $0.field("title", "Unauthorized")
                        $0.field("message", error.message)
                    })
            }
        }
    }

    private func find(_ target: RequestTarget, method: String) throws -> Destination {
        var allowed: Set<String> = []
        var style: FaultStyle?
        for mount in mounts where target.segments.starts(with: mount.prefix) {
            if style == nil { style = mount.api.faults }
            let rest = target.segments[mount.prefix.count...]
            var tries: [(ArraySlice<String>, String?)] = [(rest, nil)]
            if mount.api.allowsProjectInPath, let first = rest.first, Self.isProjectID(first) {
                tries.append((rest.dropFirst(), first))
            }
            for (segments, project) in tries {
                for match in mount.tree.matches(segments) {
                    let routes = match.routes.map { (mount.api.operations[$0.operation], $0.names) }
                    var fitting = routes.filter { $0.0.verb.rawValue == method }
                    if fitting.isEmpty, method == HTTPVerb.head.rawValue {
                        fitting = routes.filter { $0.0.verb == .get }
                    }
                    guard fitting.isEmpty else {
                        return Destination(
                            api: mount.api, candidates: fitting.map { (operation: $0.0, names: $0.1) },
                            values: match.values, projectInPath: project)
                    }
                    allowed.formUnion(routes.map(\.0.verb.rawValue))
                }
                if !allowed.isEmpty { break }
            }
            if !allowed.isEmpty {
                style = mount.api.faults
                break
            }
        }
        // Nova's router knows a path only together with its method.
        if case .nova = style { allowed = [] }
        guard allowed.isEmpty else {
            let headers = [("Allow", allowed.sorted().joined(separator: ", "))]
            throw Unroutable(
                style: style ?? .nova,
                fault: APIFault(
                    405, "The method \(Self.shown(method)) is not allowed for this resource.", headers: headers),
                isPlain: false)
        }
        let isPlain: Bool
        switch style {
        case .nova, nil: isPlain = true
        case .glance, .keystone, .neutron, .placement: isPlain = false
        }
        throw Unroutable(
            style: style ?? .nova, fault: APIFault(404, "The resource could not be found."), isPlain: isPlain)
    }

    private static func isProjectID(_ text: String) -> Bool {
        text.utf8.count >= 32 && UUID128(text) != nil
    }

    private func caller(of incoming: IncomingRequest, _ destination: Destination) async throws -> Caller? {
        guard destination.candidates.contains(where: { $0.operation.policy != nil }) else { return nil }
        guard let authenticator, let token = incoming.header("X-Auth-Token"), !token.isEmpty else {
            throw APIRequest.unauthorized()
        }
        let caller = try await authenticator.authenticate(token: token)
        if let rules = caller.accessRules {
            // The version documents of an API are named after it.
            let service = destination.api.name.split(separator: "-").first.map(String.init) ?? ""
            let path = incoming.target.prefix { $0 != "?" }
            guard rules.contains(where: { $0.allows(service: service, method: incoming.method, path: String(path)) })
            else {
                throw NovaError(
                    .unauthorized, "The request you have made requires authentication.",
                    details: "no access rule of the application credential allows it")
            }
        }
        return caller
    }

    private func perform(
        _ incoming: IncomingRequest, _ target: RequestTarget, _ destination: Destination, _ version: Microversion,
        _ caller: Caller?, _ requestID: String, _ name: inout String
    ) async throws -> APIResponse {
        let api = destination.api
        let existing = destination.candidates.filter { $0.operation.exists(in: version) }
        guard let first = existing.first else { throw NovaError(.notFound, "The resource could not be found.") }
        if let project = destination.projectInPath, let caller, caller.projectID?.text != project {
            throw NovaError(
                .badRequest,
                "Malformed request URL: URL's project_id '\(project)' doesn't match Context's project_id "
                    + "'\(caller.projectID?.text ?? "None")'")
        }
        var body = try await RequestBodyReader(operation: first.operation, incoming: incoming).read()
        let chosen: (operation: Operation, names: [String])
        if first.operation.action != nil {
            chosen = try Self.action(of: body, existing, all: destination.candidates)
        } else {
            chosen = first
        }
        let operation = chosen.operation
        name = operation.name
        let rules = policy.current
        if let schema = Operation.newest(of: operation.body, in: version), body != nil || !operation.bodyIsOptional {
            guard let given = body else { throw NovaError(.badRequest, "Malformed request body", details: "no body") }
            let taken = api.ignoresUnknown ? schema.relaxed(given) : given
            try schema.validate(taken)
            body = taken
        }
        if let schema = Operation.newest(of: operation.query, in: version) {
            try schema.validate(query: api.ignoresUnknown ? schema.relaxed(query: target.query) : target.query)
        }
        if operation.policy != nil {
            guard let caller else { throw APIRequest.unauthorized() }
            if let scopes = api.scopes, let scope = caller.scope, !scopes.contains(scope) {
                throw NovaError(.forbidden, "Policy doesn't allow \(operation.name) to be performed.")
            }
            if !operation.authorizesItself {
                try rules.check(operation.name, caller: caller.policyCaller, target: caller.ownTarget)
            }
        }
        let project = destination.projectInPath.map { "/" + $0 } ?? ""
        let request = APIRequest(
            verb: HTTPVerb(rawValue: incoming.method) ?? operation.verb, path: target.path,
            parameters: Dictionary(zip(chosen.names, destination.values), uniquingKeysWith: { $1 }),
            query: target.query, version: version, body: body ?? .null, bodyStream: incoming.body,
            contentLength: incoming.header("Content-Length").flatMap { Int($0) },
            context: RequestContext(
                requestID: requestID, userID: caller?.userID ?? UserID(""),
                projectID: caller?.projectID ?? ProjectID(""), roles: caller?.roles ?? [],
                isAdmin: caller?.isAdmin ?? false),
            baseURL: baseURL(of: incoming), apiPath: api.prefix + project, projectInPath: destination.projectInPath,
            policy: rules, operation: operation.name, callerIfAny: caller, fields: incoming.fields,
            authenticator: authenticator)
        return try await RequestContext.$current.withValue(request.context) { try await operation.handler(request) }
    }

    private static func action(
        of body: JSONValue?, _ existing: [(operation: Operation, names: [String])],
        all: [(operation: Operation, names: [String])]
    ) throws -> (operation: Operation, names: [String]) {
        guard let object = body?.objectValue, object.count == 1, let key = object.keys.first else {
            throw NovaError(.badRequest, "Malformed request body", details: "an action has exactly one member")
        }
        if let chosen = existing.first(where: { $0.operation.action == key }) { return chosen }
        if all.contains(where: { $0.operation.action == key }) {
            throw NovaError(.notFound, "The resource could not be found.")
        }
        throw NovaError(.badRequest, "There is no such action: \(shown(key))")
    }

    private func baseURL(of incoming: IncomingRequest) -> String {
        var host = incoming.authority ?? fallbackHost
        var scheme = isSecure ? "https" : "http"
        if trustsForwardedHeaders {
            host = incoming.header("X-Forwarded-Host") ?? host
            if incoming.header("X-Forwarded-Proto")?.lowercased() == "https" { scheme = "https" }
        }
        let isHost =
            !host.isEmpty && host.utf8.count <= 255
            && host.utf8.allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                    UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."), UInt8(ascii: "-"), UInt8(ascii: "_"),
                    UInt8(ascii: ":"), UInt8(ascii: "["), UInt8(ascii: "]"):
                    true
                default: false
                }
            }
        return "\(scheme)://\(isHost ? host : fallbackHost)"
    }

    private static func globalID(_ incoming: IncomingRequest) -> String? {
        guard let id = incoming.header("X-OpenStack-Request-ID"), id.hasPrefix("req-"),
            UUID128(id.dropFirst(4)) != nil
        else { return nil }
        return id
    }

    /// Peer text for a log line or a message: bounded, printable ASCII only.
    private static func shown(_ text: String) -> String {
        if text.utf8.count <= 300, text.utf8.allSatisfy({ $0 > 31 && $0 < 127 }) { return text }
        return String(
            String.UnicodeScalarView(text.unicodeScalars.prefix(300).map { $0.value > 31 && $0.value < 127 ? $0 : "?" })
        )
    }
}
