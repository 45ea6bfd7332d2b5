#if DEBUG
import NovaCore
import NovaHTTP
import NovaInterfaces
import NovaModel
import NovaRPC
import NovaWire
import Synchronization

/// The images of a test's cloud: rows in memory, and data that is only counted.
final class ImageShelf: Sendable {
    private enum Status {
        case queued
        case active
        case deleted
    }
    private let images = Mutex<[ImageID: Status]>([:])

    /// Images that wait for data.
    var incomplete: [ImageID] { images.withLock { $0.filter { $0.value == .queued }.keys.sorted() } }

    /// What compute hosts ask.
    var api: API {
        API(
            name: "image", prefix: "", microversions: nil, faults: .glance,
            operations: [
                Operation(
                    .put, "/v2/images/{id}/file", name: "upload", streamsBody: true, policy: nil, success: 204,
                    summary: "Upload", upload),
                Operation(.get, "/v2/images/{id}/file", name: "download", policy: nil, summary: "Download", download),
            ])
    }

    private func upload(_ request: APIRequest) async throws -> APIResponse {
        let id = try id(request)
        let bytes = try await request.bodyStream.collect(atMost: 1 << 20)
        return try images.withLock { images in
            guard images[id] == .queued, !bytes.isEmpty else {
                throw NovaError(images[id] == .active ? .conflict : .gone, "The image takes no data.")
            }
            images[id] = .active
            return .empty(204)
        }
    }

    private func download(_ request: APIRequest) async throws -> APIResponse {
        let id = try id(request)
        guard images.withLock({ $0[id] == .active }) else { return .empty(204) }
        return .bytes(200, contentType: "application/octet-stream", [0])
    }

    private func id(_ request: APIRequest) throws -> ImageID {
        guard request.header("X-Nova-Grant")?.hasPrefix("ng1") == true,
            let id = ImageID(try request.parameter("id"))
        else { throw NovaError(.forbidden, "no grant") }
        return id
    }

    /// What conductors ask.
    var dispatcher: RPCDispatcher {
        var dispatcher = RPCDispatcher()
        dispatcher.on(AddSnapshotImage.self) { [self] request, _ in
            try images.withLock { images in
                guard images[request.image.id] != .deleted else { throw NovaError(.gone, "deleted") }
                images[request.image.id] = images[request.image.id] ?? .queued
            }
            return Nothing()
        }
        dispatcher.on(DiscardImage.self) { [self] request, _ in
            images.withLock { $0[request.imageID] = .deleted }
            return Nothing()
        }
        dispatcher.on(DescribeImage.self) { [self] request, _ in
            guard images.withLock({ $0[request.imageID] == .active }) else {
                throw NovaError(.notFound, "no such image")
            }
            var image = ImageReference()
            image.id = request.imageID
            image.status = "active"
            return image
        }
        dispatcher.on(RotateBackups.self) { _, _ in Nothing() }
        return dispatcher
    }
}
#endif
