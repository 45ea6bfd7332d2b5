import NovaCore
import NovaHTTPClient
import NovaModel
import NovaProcess

/// The image service over HTTP, by the conductor's signed grant to write one image; this host has no token.
struct HTTPImageSink: ImageSink {
    let client: HTTPClient
    let endpoints: [String]
    let threads: WorkerThreads
    /// The time for one whole upload.
    var timeout = Duration.seconds(3500)

    func upload(_ path: String, as image: GrantedImage) async throws {
        guard let size = HostFiles.size(path) else {
            throw NovaError(.notFound, "The snapshot is no longer on its host.", details: path)
        }
        let headers = [("X-Nova-Grant", image.grant.reveal()), ("Content-Type", "application/octet-stream")]
        try await eachEndpoint { base in
            let answer = try await client.upload(
                "PUT", url(base, image), headers: headers, length: size,
                chunks: try FileChunks(path, threads: threads), timeout: timeout)
            switch answer.status {
            case 200..<300: return
            case 401, 403:
                throw NovaError(
                    .forbidden, "The image service refused this host.", details: "status \(answer.status)")
            case 404, 410: throw NovaError(.gone, "The image \(image.image.id) was deleted during the upload.")
            case 409:
                // An upload that was cut off still holds it, or one has been complete.
                guard try await isComplete(image, base) else {
                    throw NovaError(.unavailable, "The image \(image.image.id) is being written by another.")
                }
            case 413: throw NovaError(.tooLarge, "The snapshot is too large for the image service.")
            case 400..<500:
                throw NovaError(
                    .badRequest, "The image service did not take the snapshot.", details: "status \(answer.status)")
            default:
                throw NovaError(
                    .unavailable, "The image service failed.", details: "\(base): status \(answer.status)")
            }
        }
    }

    func isComplete(_ image: GrantedImage) async throws -> Bool {
        try await eachEndpoint { try await isComplete(image, $0) }
    }

    private func isComplete(_ image: GrantedImage, _ base: String) async throws -> Bool {
        let headers = [("X-Nova-Grant", image.grant.reveal()), ("Range", "bytes=0-0")]
        let answer = try await client.request("GET", url(base, image), headers: headers)
        // Without data it is 204.
        return answer.status == 206 || answer.status == 200
    }

    private func url(_ base: String, _ image: GrantedImage) -> String { "\(base)/v2/images/\(image.image.id)/file" }

    /// Tries the endpoints in order, as long as what fails may be better elsewhere.
    private func eachEndpoint<T>(_ body: (_ base: String) async throws -> T) async throws -> T {
        var failure = NovaError(.unavailable, "The image service cannot be reached.")
        for endpoint in endpoints {
            do {
                return try await body(endpoint.hasSuffix("/") ? String(endpoint.dropLast()) : endpoint)
            } catch let error as NovaError where error.isTransient && error.code != .cancelled {
                failure = error.during("use \(endpoint)")
            }
        }
        throw failure
    }
}
