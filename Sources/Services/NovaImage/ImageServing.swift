import NovaConfig
import NovaHTTP
import NovaInterfaces
import NovaRPC
import NovaService

/// How `nova-image` serves, whoever keeps the images.
struct ImageServing {
    let context: ServiceContext
    let server: HTTPServer
    let images: any QueuedImages
    /// What is told that the API listens.
    let http: HealthPart

    /// Serves the API and the queue, with other work beside them, until the task is cancelled or the API fails; then
    /// closes what they need.
    func run(beside work: [@Sendable () async -> Void], close: () async -> Void) async throws {
        try await context.bus.serve(
            images.dispatcher, topic: DescribeImage.topic, host: nil, slots: context.config[ImageOptions.slots])
        let outcome: Result<Void, any Error>
        do {
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { [server] in try await server.run() }
                for work in work { group.addTask { await work() } }
                _ = try await server.waitUntilListening()
                http.ready()
                // Either ends when we are cancelled; the server may also fail.
                try await group.next()
                group.cancelAll()
                try await group.waitForAll()
            }
            outcome = .success(())
        } catch {
            outcome = .failure(error)
        }
        // No message may reach what is closed.
        await context.bus.close()
        await close()
        try outcome.get()
    }
}
