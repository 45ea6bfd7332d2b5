#if DEBUG
import NovaCore
import NovaRPC
import NovaService

/// An image service with the shelf of a test's cloud.
struct ImageStub: RunnableService {
    let context: ServiceContext
    let shelf: ImageShelf
    private let part: HealthPart

    init(_ context: ServiceContext, _ shelf: ImageShelf) {
        self.context = context
        self.shelf = shelf
        part = context.part("rpc", waitsFor: "does not take work yet")
    }

    func run() async throws {
        try await context.bus.serve(shelf.dispatcher, topic: "image", host: nil, slots: 8)
        part.ready()
        while !Task.isCancelled { try await Task.sleep(for: .seconds(60)) }
        await context.bus.close()
    }

    static func factory(_ shelf: ImageShelf) -> ServiceFactory {
        ServiceFactory(name: "nova-image", role: "image", options: []) { ImageStub($0, shelf) }
    }
}
#endif
