import NovaCore
import NovaInterfaces
import NovaModel
import NovaRPC
import NovaWire

/// What nova-api and conductors ask of images over the queue, whoever keeps them.
protocol QueuedImages: Sendable {
    /// - Throws: ``NovaError`` `notFound` also for an image that the project may not see.
    func describe(_ request: DescribeImage) async throws -> ImageReference
    /// Adds the image of a snapshot; one that a former try has added is as good.
    func add(_ snapshot: SnapshotImage) async throws
    /// Removes an image; one that is gone, or protected by its owner since, is no failure.
    func discard(_ id: ImageID) async throws
    /// Removes the oldest backups of a server.
    func rotate(_ request: RotateBackups) async throws
}

extension QueuedImages {
    var dispatcher: RPCDispatcher {
        var dispatcher = RPCDispatcher()
        dispatcher.on(DescribeImage.self) { request, _ in try await describe(request) }
        dispatcher.on(AddSnapshotImage.self) { request, _ in
            try await add(request.image)
            return Nothing()
        }
        dispatcher.on(DiscardImage.self) { request, _ in
            try await discard(request.imageID)
            return Nothing()
        }
        dispatcher.on(RotateBackups.self) { request, _ in
            try await rotate(request)
            return Nothing()
        }
        return dispatcher
    }
}
