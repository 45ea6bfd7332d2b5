import NovaCore
import NovaSchema

/// The form in which an API tells its errors.
public enum FaultStyle: Sendable {
    /// `{"itemNotFound": {"code": 404, "message": …}}`
    case nova
    /// `{"error": {"code": 404, "message": …, "title": "Not Found"}}`
    case keystone
    /// The framework's body: HTML, or JSON when the client asks for it.
    case glance
    /// `{"NeutronError": {"type": …, "message": …, "detail": ""}}`
    case neutron
    /// `{"errors": [{"status": 404, "title": …, "detail": …, "code": …}]}`
    case placement

    /// The fault that an error is: the one place where causes become statuses.
    func fault(for error: any Error) -> APIFault {
        if let fault = error as? APIFault { return fault }
        let error = NovaError(error)
        let status = status(of: error.code)
        guard error.code == .internal || error.code == .malformed else {
            let retry = status == 503 ? [("Retry-After", "1")] : []
            return APIFault(status, error.message, headers: retry)
        }
        return APIFault(status, "Unexpected API Error. \(error.message) Tell the operator the id of this request.")
    }

    private func status(of code: NovaError.Code) -> Int {
        switch code {
        case .internal, .malformed, .hypervisor: 500
        case .badRequest, .noValidHost: 400
        case .unauthorized: 401
        case .forbidden: 403
        case .notFound: 404
        case .conflict, .stale, .notAcceptable: 409
        case .tooLarge: 413
        case .overQuota:
            switch self {
            case .neutron: 409
            case .glance: 413
            case .nova, .keystone, .placement: 403
            }
        case .unavailable, .timeout, .cancelled, .noConsumer, .workerLost, .queueFull, .unsupportedVersion: 503
        case .notImplemented: 501
        case .unsupportedMedia: 415
        case .gone: 410
        case .preconditionFailed: 412
        case .noSpace: self == .glance ? 413 : 507
        }
    }

    /// The answer that tells a fault.
    func response(_ fault: APIFault, requestID: String, version: Microversion, accept: String) -> APIResponse {
        let title = HTTPReason.phrase(fault.status)
        switch self {
        case .nova:
            return .written(fault.status, headers: fault.headers) { json in
                json.object {
                    $0.field(
                        Self.novaName(fault.status),
                        object: {
                            $0.field("code", fault.status)
                            $0.field("message", fault.message)
                            if let after = fault.headers.first(where: { $0.0 == "Retry-After" }) {
                                $0.field("retryAfter", after.1)
                            }
                        })
                }
            }
        case .keystone:
            return .written(fault.status, headers: fault.headers) { json in
                json.object {
                    $0.field(
                        "error",
                        object: {
                            $0.field("code", fault.status)
                            $0.field("message", fault.message)
                            $0.field("title", title)
                        })
                }
            }
        case .neutron:
            return .written(fault.status, headers: fault.headers) { json in
                json.object {
                    $0.field(
                        "NeutronError",
                        object: {
                            $0.field("type", fault.type ?? "HTTP\(title.filter { $0 != " " })")
                            $0.field("message", fault.message)
                            $0.field("detail", "")
                        })
                }
            }
        case .placement:
            return .written(fault.status, headers: fault.headers) { json in
                json.object {
                    $0.field(
                        "errors",
                        array: {
                            $0.object {
                                $0.field("status", fault.status)
                                $0.field("request_id", requestID)
                                $0.field("detail", fault.message)
                                $0.field("title", title)
                                if version >= Microversion(1, 23) {
                                    $0.field("code", fault.type ?? "placement.undefined_code")
                                }
                                if let versions = fault.versions {
                                    $0.field("max_version", "\(versions.maximum)")
                                    $0.field("min_version", "\(versions.minimum)")
                                }
                            }
                        })
                }
            }
        case .glance: return Self.plain(fault, title: title, accept: accept)
        }
    }

    /// The body of the web framework under OpenStack's services, for errors that no API made.
    static func plain(_ fault: APIFault, title: String, accept: String) -> APIResponse {
        if accept.contains("json") {
            return .written(fault.status, headers: fault.headers) { json in
                json.object {
                    $0.field("message", fault.message)
                    $0.field("code", "\(fault.status) \(title)")
                    $0.field("title", title)
                }
            }
        }
        let text = fault.message.map { character -> String in
            switch character {
            case "<": "&lt;"
            case ">": "&gt;"
            case "&": "&amp;"
            default: String(character)
            }
        }.joined()
        let head = "<head>\n  <title>\(fault.status) \(title)</title>\n </head>"
        let body = "<body>\n  <h1>\(fault.status) \(title)</h1>\n  \(text)<br /><br />\n </body>"
        return .bytes(
            fault.status, contentType: "text/html; charset=UTF-8", Array("<html>\n \(head)\n \(body)\n</html>".utf8),
            headers: fault.headers)
    }

    private static func novaName(_ status: Int) -> String {
        switch status {
        case 400: "badRequest"
        case 401: "unauthorized"
        case 403: "forbidden"
        case 404: "itemNotFound"
        case 405: "badMethod"
        case 409: "conflictingRequest"
        case 413, 429: "overLimit"
        case 415: "badMediaType"
        case 501: "notImplemented"
        case 503: "serviceUnavailable"
        default: "computeFault"
        }
    }
}

/// The words that go with a status (RFC 9110).
enum HTTPReason {
    static func phrase(_ status: Int) -> String {
        switch status {
        case 300: "Multiple Choices"
        case 400: "Bad Request"
        case 401: "Unauthorized"
        case 403: "Forbidden"
        case 404: "Not Found"
        case 405: "Method Not Allowed"
        case 406: "Not Acceptable"
        case 409: "Conflict"
        case 410: "Gone"
        case 412: "Precondition Failed"
        case 413: "Request Entity Too Large"
        case 415: "Unsupported Media Type"
        case 416: "Range Not Satisfiable"
        case 429: "Too Many Requests"
        case 500: "Internal Server Error"
        case 501: "Not Implemented"
        case 503: "Service Unavailable"
        case 507: "Insufficient Storage"
        default: "Error"
        }
    }
}
