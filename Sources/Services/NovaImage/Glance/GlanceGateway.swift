import NovaAuth
import NovaCore
import NovaCrypto
import NovaHTTP
import NovaHTTPClient
import NovaModel
import Synchronization

/// Where compute hosts read and write the images of a Glance of somebody else, as if nova-image had them.
///
/// They come with the conductor's grants; no host gets a token of that Glance, and no data is passed on that is not what
/// Glance says of it.
struct GlanceGateway: Sendable {
    /// The time for the data of one image.
    static let transferTimeout = Duration.seconds(3600)
    /// The most that is answered of a part of an image.
    private static let partLimit: Int64 = 1 << 20

    let glance: GlanceClient
    let grants: GrantAuthority
    /// Uploads at once; more wait.
    let uploads = AsyncGate(limit: 64)

    var api: API {
        API(
            name: "image", prefix: "", microversions: nil, faults: .glance,
            operations: [
                Operation(
                    .put, "/v2/images/{image_id}/file", name: "upload_image", streamsBody: true, policy: nil,
                    success: 204, summary: "Upload the data", upload),
                Operation(
                    .get, "/v2/images/{image_id}/file", name: "download_image", policy: nil,
                    summary: "Download the data", download),
            ])
    }

    private func granted(_ request: APIRequest, _ access: GrantAccess) async throws -> (id: ImageID, grant: Grant) {
        let text = try request.parameter("image_id")
        guard let id = ImageID(text) else { throw ImageAPI.missing(text) }
        guard let grant = request.header("X-Nova-Grant") else {
            throw NovaError(.unauthorized, "The request needs a grant.")
        }
        return (id, try await grants.check(grant, image: id, access: access))
    }

    private func download(_ request: APIRequest) async throws -> APIResponse {
        let (id, grant) = try await granted(request, .read)
        let image = try await glance.image(id)
        if !grant.checksum.isEmpty, let sum = image.sum, sum.algorithm == .sha512,
            grant.checksum != "sha512:\(sum.hex)"
        {
            throw NovaError(.conflict, "The image has other data than was granted.")
        }
        // A deactivated image still serves the servers that were made of it.
        guard ["active", "deactivated"].contains(image.reference.status) else { return .empty(204) }
        if let part = try part(request, of: image) {
            let data = try await glance.send("GET", "/v2/images/\(id)/file", headers: [("Range", part)])
            return .bytes(data.status, contentType: "application/octet-stream", data.body)
        }
        let data = try await glance.open(id)
        guard data.status == 200 else { return .empty(204) }
        let size = image.reference.size
        return .stream(contentType: "application/octet-stream", length: size > 0 ? Int(clamping: size) : nil) { write in
            try await Self.copy(data, of: image, write)
        }
    }

    /// The part that the host asks for; nil for all, also for parts that are longer than we keep: a server may give more.
    private func part(_ request: APIRequest, of image: GlanceImage) throws -> String? {
        let range = try ByteRange(request.header("Range"), size: image.reference.size)
        guard range.isPart, range.end - range.start <= Self.partLimit else { return nil }
        return "bytes=\(range.start)-\(range.end - 1)"
    }

    /// Passes data on; its end only when all of it has been found right, so that the host never has the whole of
    /// something else.
    private static func copy(
        _ data: HTTPDownload, of image: GlanceImage, _ write: ([UInt8]) async throws -> Void
    ) async throws {
        var check = GlanceDataCheck(image)
        var held: [UInt8]?
        try await data.read(until: .after(transferTimeout)) { chunk in
            try check.add(chunk)
            if let held { try await write(held) }
            held = chunk
        }
        try check.finish()
        if let held { try await write(held) }
    }

    private func upload(_ request: APIRequest) async throws -> APIResponse {
        let type = (request.header("Content-Type") ?? "").prefix { $0 != ";" }
        guard type == "application/octet-stream" else {
            throw NovaError(.unsupportedMedia, "Image data is sent as application/octet-stream.")
        }
        let (id, _) = try await granted(request, .write)
        let status = try await glance.image(id).reference.status
        guard status == "queued" else {
            throw NovaError(.conflict, "Image status transition from \(status) to saving is not allowed")
        }
        let sent = SentData()
        let chunks = request.bodyStream.map { chunk in
            sent.add(chunk)
            return chunk
        }
        let length = request.contentLength.map { Int64($0) }
        try await uploads.with { [glance] in
            try await glance.upload(id, length: length, chunks: chunks, timeout: Self.transferTimeout)
        }
        // Not transient: what is there now is wrong, and another try would find an image with data.
        guard try await sent.isStored(as: glance.image(id)) else {
            throw NovaError(
                .preconditionFailed, "The image service has other data than was sent.", details: "image \(id)")
        }
        return .empty(204)
    }
}

/// The sum of what was sent.
private final class SentData: Sendable {
    private let state = Mutex((hasher: SHA512Hasher(), count: Int64(0)))

    func add(_ chunk: [UInt8]) {
        state.withLock { state in
            state.hasher.update(chunk)
            state.count += Int64(chunk.count)
        }
    }

    /// Whether an image has just this data, by all that its Glance says.
    func isStored(as image: GlanceImage) -> Bool {
        let (hex, count) = state.withLock { (Hex.encode($0.hasher.digest()), $0.count) }
        guard image.reference.status == "active", image.reference.size == count else { return false }
        return image.reference.sha512.isEmpty || image.reference.sha512 == hex
    }
}
