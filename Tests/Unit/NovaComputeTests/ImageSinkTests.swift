import CommonTestKit
import Logging
import NovaCore
import NovaHTTP
import NovaHTTPClient
import NovaModel
import NovaProcess
import Synchronization
import Testing

@testable import NovaCompute

/// Uploads to an image service that answers as it is told to.
@Suite("Sending snapshots")
struct ImageSinkTests {
    /// An image service with one image.
    private final class Service: Sendable {
        struct State {
            var answers: [NovaError?] = []
            var data: [UInt8]?
            var grants: Set<String> = []
        }
        let state = Mutex(State())

        var api: API {
            API(
                name: "image", prefix: "", microversions: nil, faults: .glance,
                operations: [
                    Operation(
                        .put, "/v2/images/{id}/file", name: "upload", streamsBody: true, policy: nil, success: 204,
                        summary: "Upload", upload),
                    Operation(.get, "/v2/images/{id}/file", name: "download", policy: nil, summary: "Download") { _ in
                        self.state.withLock { state in
                            state.data.map { APIResponse.bytes(200, contentType: "application/octet-stream", $0) }
                                ?? .empty(204)
                        }
                    },
                ])
        }

        private func upload(_ request: APIRequest) async throws -> APIResponse {
            let data = try await request.bodyStream.collect(atMost: 4 << 20)
            return try state.withLock { state in
                state.grants.insert(request.header("X-Nova-Grant") ?? "")
                if !state.answers.isEmpty, let error = state.answers.removeFirst() { throw error }
                state.data = data
                return .empty(204)
            }
        }
    }

    private func withService(
        _ body: (Service, HTTPImageSink, _ path: String) async throws -> Void
    ) async throws {
        let folder = try TemporaryFolder()
        let bytes = (0..<600_000).map { String($0 % 10) }.joined()
        try folder.write(bytes, to: "file")
        let service = Service()
        let server = try HTTPServer(
            name: "image", host: "127.0.0.1", port: 0, apis: [service.api], authenticator: nil,
            log: Logger(label: "test"))
        let running = Task { try await server.run() }
        let client = HTTPClient()
        let port = try await server.waitUntilListening()
        // The first endpoint answers nobody.
        let sink = HTTPImageSink(
            client: client, endpoints: ["http://127.0.0.1:1", "http://127.0.0.1:\(port)/"],
            threads: WorkerThreads(name: "test", count: 1))
        do {
            try await body(service, sink, "\(folder.path)/file")
        } catch {
            Issue.record(error)
        }
        await client.shutdown()
        running.cancel()
        _ = await running.result
    }

    private var image: GrantedImage {
        var reference = ImageReference()
        reference.id = .random()
        return GrantedImage(reference, grant: Secret("signed"))
    }

    @Test("a file of several chunks arrives whole, with its grant")
    func whole() async throws {
        try await withService { service, sink, path in
            let before = try await sink.isComplete(image)
            #expect(!before)
            try await sink.upload(path, as: image)
            let (data, grants) = service.state.withLock { ($0.data, $0.grants) }
            #expect(data?.count == 600_000 && data?.suffix(3) == Array("789".utf8)[...])
            #expect(grants == ["signed"])
            #expect(try await sink.isComplete(image))
        }
    }

    @Test("an image that has its data takes no more, and that is well; one that another writes is tried again later")
    func repeated() async throws {
        try await withService { service, sink, path in
            service.state.withLock {
                $0.answers = [NovaError(.conflict, "not queued"), nil, NovaError(.conflict, "not queued")]
            }
            await #expect { try await sink.upload(path, as: image) } throws: { NovaError($0).isTransient }
            try await sink.upload(path, as: image)
            try await sink.upload(path, as: image)
        }
    }

    @Test("a deleted image ends the upload for good")
    func deleted() async throws {
        try await withService { service, sink, path in
            service.state.withLock { $0.answers = [NovaError(.gone, "deleted")] }
            await #expect { try await sink.upload(path, as: image) } throws: { NovaError($0).code == .gone }
        }
    }
}
