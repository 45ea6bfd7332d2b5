import NovaCore
import NovaHTTP
import NovaHTTPClient
import NovaSchema

/// Another service's REST API, asked with the user's own token, so that it judges by its own rules.
struct PeerService: Sendable {
    private static let timeout = Duration.seconds(30)
    /// What users call what it keeps: "Image".
    let word: String
    let base: String
    let client: HTTPClient

    /// Sends a request and gives the answer's body; null when there is none.
    ///
    /// - Throws: what the service's status means, in Nova's words.
    func send(
        _ verb: String, _ path: String, _ request: APIRequest, body: JSONValue? = nil,
        contentType: String = "application/json"
    ) async throws -> JSONValue {
        var headers = [("X-Auth-Token", request.header("X-Auth-Token") ?? ""), ("Accept", "application/json")]
        headers.append(("X-OpenStack-Request-ID", request.context.requestID))
        if body != nil { headers.append(("Content-Type", contentType)) }
        let answer = try await client.request(
            verb, base + path, headers: headers, body: body?.serialized(), timeout: Self.timeout)
        switch answer.status {
        case 200..<300: return answer.body.isEmpty ? .null : try answer.json()
        case 401: throw NovaError(.unauthorized, "The request you have made requires authentication.")
        case 403: throw NovaError(.forbidden, "Not authorized for this \(word.lowercased()).")
        case 404: throw NovaError(.notFound, "\(word) not found.")
        case 409: throw NovaError(.conflict, "\(word) is in use or has changed meanwhile.")
        case 413: throw NovaError(.overQuota, "Quota exceeded for \(word.lowercased())s.")
        case 400..<500: throw NovaError(.badRequest, "The \(word.lowercased()) service refused the request.")
        default:
            throw NovaError(
                .unavailable, "The \(word.lowercased()) service is not available.", details: "status \(answer.status)")
        }
    }
}
