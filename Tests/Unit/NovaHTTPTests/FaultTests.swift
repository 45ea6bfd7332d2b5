import NovaCore
import NovaHTTP
import NovaHTTPClient
import NovaSchema
import Testing

@Suite("Faults", .timeLimit(.minutes(1)))
struct FaultTests {
    @Test("Causes become Nova's statuses and names")
    func nova() async throws {
        try await TestServer.with([SampleAPI.compute]) { client in
            let expected: [(NovaError.Code, Int, String)] = [
                (.badRequest, 400, "badRequest"), (.forbidden, 403, "forbidden"), (.overQuota, 403, "forbidden"),
                (.notFound, 404, "itemNotFound"), (.conflict, 409, "conflictingRequest"), (.tooLarge, 413, "overLimit"),
                (.gone, 410, "computeFault"), (.notImplemented, 501, "notImplemented"),
                (.unavailable, 503, "serviceUnavailable"), (.timeout, 503, "serviceUnavailable"),
                (.noConsumer, 503, "serviceUnavailable"), (.internal, 500, "computeFault"),
                (.noSpace, 507, "computeFault"),
            ]
            for (code, status, name) in expected {
                let answer = try await client.send("GET", "/v2.1/fail/\(code.rawValue)")
                #expect(answer.status == status, "\(code)")
                #expect(try answer.json()[name]?["code"]?.intValue == status, "\(code)")
                #expect(!answer.text.contains("secret details"))
            }
            for code in [NovaError.Code.queueFull, .unavailable] {
                let busy = try await client.send("GET", "/v2.1/fail/\(code.rawValue)")
                #expect(busy.header("Retry-After") == "1")
            }
        }
    }

    @Test("The other services' forms")
    func styles() async throws {
        let path = "/v1/fail/\(NovaError.Code.notFound.rawValue)"
        try await TestServer.with([SampleAPI.api(.keystone)]) { client in
            let error = try await client.send("GET", path).json()["error"]
            #expect(error == ["code": 404, "message": "It failed.", "title": "Not Found"])
        }
        try await TestServer.with([SampleAPI.api(.neutron)]) { client in
            let error = try await client.send("GET", path).json()["NeutronError"]
            #expect(error?["message"] == "It failed.")
            #expect(error?["type"]?.stringValue?.isEmpty == false)
        }
        try await TestServer.with([SampleAPI.api(.placement)]) { client in
            let error = try await client.send("GET", path).json()["errors"]?[0]
            #expect(error?["status"] == 404)
            #expect(error?["detail"] == "It failed.")
            #expect(error?["request_id"]?.stringValue?.hasPrefix("req-") == true)
        }
        try await TestServer.with([SampleAPI.api(.glance)]) { client in
            let html = try await client.send("GET", path)
            #expect(html.header("Content-Type")?.hasPrefix("text/html") == true)
            let json = try await client.send("GET", path, headers: [("Accept", "application/json")]).json()
            #expect(json["code"] == "404 Not Found")
            // glanceclient takes JSON for another form, and fails on it: it must not get what it did not ask for.
            let unknown = try await client.send("GET", "/v1/nowhere", headers: [("Accept", "*/*")])
            #expect(unknown.status == 404)
            #expect(unknown.header("Content-Type")?.hasPrefix("text/html") == true)
        }
    }
}

@Suite("Streams", .timeLimit(.minutes(1)))
struct StreamTests {
    @Test("Bodies are streamed both ways, with and without a length")
    func bothWays() async throws {
        try await TestServer.with([SampleAPI.compute]) { client in
            for length in [Int64(200 * 65_536), nil] {
                let answer = try await client.http.upload(
                    "PUT", client.base + "/v2.1/echo", length: length, chunks: Chunks(count: 200), timeout: .seconds(30)
                )
                #expect(try answer.json()["size"] == 13_107_200)
            }
            let counter = ByteCounter()
            let (status, _) = try await client.http.download(
                client.base + "/v2.1/stream/300", timeout: .seconds(30)
            ) { await counter.add($0.count) }
            #expect(status == 200)
            #expect(await counter.total == 300 * 65_536)
        }
    }

    @Test("A stream that breaks is seen by the client")
    func broken() async throws {
        try await TestServer.with([SampleAPI.compute]) { client in
            let failure = await #expect(throws: NovaError.self) { _ = try await client.send("GET", "/v2.1/broken") }
            #expect(failure?.code == .unavailable)
            let next = try await client.send("GET", "/v2.1/things/1")
            #expect(next.status == 200)
        }
    }

    @Test("A peer that is not there is unavailable, a bad URL is bad")
    func client() async throws {
        let client = HTTPClient()
        let refused = await #expect(throws: NovaError.self) { try await client.request("GET", "http://127.0.0.1:1/") }
        #expect(refused?.code == .unavailable)
        let bad = await #expect(throws: NovaError.self) { try await client.request("GET", "no url") }
        #expect(bad?.code == .badRequest)
        await client.shutdown()
        let shut = await #expect(throws: NovaError.self) { try await client.request("GET", "http://127.0.0.1:1/") }
        #expect(shut?.code == .cancelled)
    }

    @Test("Two servers cannot have one port; the second says so")
    func portInUse() async throws {
        try await TestServer.with([SampleAPI.compute]) { client in
            let port = Int(client.base.split(separator: ":").last ?? "") ?? 0
            let second = try HTTPServer(
                name: "second", host: "127.0.0.1", port: port, apis: [], authenticator: nil, log: TestServer.log)
            let failure = await #expect(throws: NovaError.self) { try await second.run() }
            #expect(failure?.code == .unavailable)
            let stopped = await #expect(throws: NovaError.self) { _ = try await second.waitUntilListening() }
            #expect(stopped?.code == .unavailable)
        }
    }
}

private actor ByteCounter {
    var total = 0
    func add(_ count: Int) { total += count }
}
