import NovaCore
import NovaHTTPClient
import NovaModel

/// The image service over HTTP, by the conductor's signed grant; this host has no token.
struct HTTPImageSource: ImageSource {
    let client: HTTPClient
    let endpoints: [String]
    /// The time for one whole download.
    var timeout = Duration.seconds(3600)

    func download(
        _ image: GrantedImage, onChunk: @escaping @Sendable ([UInt8]) async throws -> Void
    ) async throws {
        var failure = NovaError(.unavailable, "The image service cannot be reached.")
        for endpoint in endpoints {
            let base = endpoint.hasSuffix("/") ? String(endpoint.dropLast()) : endpoint
            let headers = [("X-Nova-Grant", image.grant.reveal())]
            let received = ReceivedFlag()
            do {
                let (status, _) = try await client.download(
                    "\(base)/v2/images/\(image.image.id)/file", headers: headers, timeout: timeout
                ) { chunk in
                    received.set()
                    try await onChunk(chunk)
                }
                switch status {
                case 200: return
                case 204: return  // an image without data
                case 401, 403:
                    throw NovaError(.forbidden, "The image service refused this host.", details: "status \(status)")
                case 404: throw NovaError(.notFound, "Image \(image.image.id) could not be found.")
                default:
                    failure = NovaError(
                        .unavailable, "The image service failed.", details: "\(endpoint): status \(status)")
                }
            } catch let error as NovaError where error.isTransient && !received.isSet && error.code != .cancelled {
                failure = error.during("download from \(endpoint)")
            }
        }
        throw failure
    }
}
