import FoundationEssentials
import NovaCore
import NovaHTTP
import NovaHTTPClient
import NovaSchema
import Testing

/// A small API with one of everything.
enum SampleAPI {
    private static func said(_ text: String) -> Operation.Handler {
        { _ in .json(["said": .string(text)]) }
    }

    static let operations: [Operation] = [
        Operation(.get, "", name: "version", policy: nil, summary: "") { request in
            .json(["base": .string(request.baseURL)])
        },
        Operation(.get, "/things/detail", name: "detail", policy: "@", summary: "", said("detail")),
        Operation(.get, "/things/{id}", name: "show", policy: "rule:project_reader_or_admin", summary: "") { request in
            .json([
                "id": .string(try request.parameter("id")), "version": .string("\(request.version)"),
                "user": .string(try request.caller.userID.text), "prefix": .string(request.apiPath),
                "q": .string(request.query("q") ?? ""),
                "context": .string(RequestContext.current?.requestID ?? ""),
            ])
        },
        Operation(
            .post, "/things", name: "create",
            body: [
                BodySchema(.wrapped("thing", .object(properties: ["name": .name], required: ["name"]))),
                BodySchema(
                    since: Microversion(2, 10),
                    .wrapped("thing", .object(properties: ["name": .name, "size": .integer()], required: ["name"]))),
            ], policy: "@", success: 201, summary: ""
        ) { .json(201, $0.body) },
        Operation(.delete, "/things/{id}", name: "delete", policy: "role:admin", success: 204, summary: "") { _ in
            .empty(204)
        },
        Operation(
            .post, "/things/{id}/action", name: "start", action: "start", body: [BodySchema(.any)], policy: "@",
            summary: "", said("start")),
        Operation(
            .post, "/things/{id}/action", name: "old", action: "old", until: Microversion(2, 5),
            body: [BodySchema(.any)], policy: "@", summary: "", said("old")),
        Operation(.get, "/new", name: "new", since: Microversion(2, 50), policy: "@", summary: "", said("new")),
        Operation(.get, "/fail/{code}", name: "fail", policy: "@", summary: "") { request in
            let code = UInt8(try request.parameter("code")).flatMap(NovaError.Code.init(rawValue:)) ?? .internal
            throw NovaError(code, "It failed.", details: "secret details")
        },
        Operation(.put, "/echo", name: "echo", streamsBody: true, policy: nil, summary: "") { request in
            var size = 0
            for try await chunk in request.bodyStream { size += chunk.count }
            return .json(["size": .integer(Int64(size))])
        },
        Operation(.get, "/stream/{count}", name: "stream", policy: nil, summary: "") { request in
            let count = Int(try request.parameter("count")) ?? 0
            return .stream(contentType: "application/octet-stream", length: count * 65_536) { write in
                for index in 0..<count { try await write([UInt8](repeating: UInt8(index % 251), count: 65_536)) }
            }
        },
        Operation(.get, "/list/{count}", name: "list", policy: nil, summary: "") { request in
            let count = Int64(try request.parameter("count")) ?? 0
            return .written { writer in
                writer.object { writer in
                    writer.field(
                        "list",
                        array: { writer in
                            for number in 0..<count { writer.object { $0.field("number", number) } }
                        })
                }
            }
        },
        Operation(.get, "/broken", name: "broken", policy: nil, summary: "") { _ in
            .stream(contentType: "application/octet-stream", length: 100) { write in
                try await write([1, 2, 3])
                throw NovaError(.internal, "An internal error occurred.")
            }
        },
    ]
    static let compute = API(
        name: "compute", prefix: "/v2.1", microversions: .compute, faults: .nova, operations: operations,
        allowsProjectInPath: true)
    static let root = API(
        name: "root", prefix: "", microversions: nil, faults: .nova,
        operations: [Operation(.get, "/", name: "root", policy: nil, summary: "") { _ in .json(300, ["choices": []]) }])

    static func api(_ faults: FaultStyle) -> API {
        API(name: "other", prefix: "/v1", microversions: nil, faults: faults, operations: operations)
    }
}

@Suite("HTTP pipeline", .timeLimit(.minutes(1)))
struct PipelineTests {
    @Test("Long JSON comes whole, with its length; HEAD says the same length")
    func longJSON() async throws {
        try await TestServer.with([SampleAPI.compute]) { client in
            for count in [0, 1, 20_000] {
                let answer = try await client.send("GET", "/v2.1/list/\(count)", token: nil)
                #expect(answer.header("Content-Type") == "application/json")
                #expect(answer.header("Content-Length") == "\(answer.body.count)")
                let numbers = try answer.json()["list"]?.arrayValue?.compactMap { $0["number"]?.integerValue }
                #expect(numbers == (0..<count).map { Int64($0) })
                let head = try await client.send("HEAD", "/v2.1/list/\(count)", token: nil)
                #expect(head.header("Content-Length") == "\(answer.body.count)")
                #expect(head.body.isEmpty)
            }
        }
    }

    @Test("A request is answered where its connection is read; a header has many spellings, and may come twice")
    func connections() async throws {
        let operation = Operation(.get, "/thread", name: "thread", policy: nil, summary: "") { request in
            await Task.yield()
            return .json([
                "thread": .string(try String(contentsOfFile: "/proc/thread-self/comm", encoding: .utf8)),
                "header": JSONValue(request.header("X-Some-Header")),
            ])
        }
        let api = API(name: "root", prefix: "", microversions: nil, faults: .nova, operations: [operation])
        try await TestServer.with([api]) { client in
            let headers = [("x-some-HEADER", "one"), ("X-Some-Header", "two"), ("X-Some-Headers", "three")]
            let answer = try await client.send("GET", "/thread", headers: headers).json()
            #expect(answer["thread"]?.stringValue?.hasPrefix("NIO") == true)
            #expect(answer["header"] == "one, two")
            #expect(try await client.send("GET", "/thread").json()["header"] == .null)
        }
    }

    @Test("Routes: literal before parameter, prefixes, project in the path, HEAD, 404 for a path or a method")
    func routing() async throws {
        try await TestServer.with([SampleAPI.compute, SampleAPI.root]) { client in
            #expect(try await client.send("GET", "/", token: nil).status == 300)
            #expect(try await client.send("GET", "/v2.1/", token: nil).json()["base"]?.stringValue == client.base)
            #expect(try await client.send("GET", "/v2.1/things/detail").json()["said"] == "detail")
            let shown = try await client.send("GET", "/v2.1/things/a%2Fb?q=1%202+3").json()
            #expect(shown["id"] == "a/b")
            #expect(shown["q"] == "1 2 3")
            #expect(shown["prefix"] == "/v2.1")
            let project = TestAuthenticator.project
            let old = try await client.send("GET", "/v2.1/\(project)/things/7").json()
            #expect(old["prefix"]?.stringValue == "/v2.1/\(project)")
            let other = try await client.send("GET", "/v2.1/\(ProjectID.random())/things/7")
            #expect(other.status == 400)
            let head = try await client.send("HEAD", "/v2.1/things/detail")
            #expect(head.status == 200)
            #expect(head.body.isEmpty)
            #expect(try await client.send("GET", "/v2.1/nowhere").status == 404)
            // Nova answers to a wrong method as to a wrong path; so does DELETE of a collection, which is that of an empty id.
            #expect(try await client.send("PUT", "/v2.1/things/detail").status == 404)
            #expect(try await client.send("DELETE", "/v2.1/things/").status == 404)
            #expect(try await client.send("GET", "/v2.1/things/1?a=%ff").status == 400)
        }
    }

    @Test("A wrong method is 405 for the other services")
    func methods() async throws {
        try await TestServer.with([SampleAPI.api(.keystone)]) { client in
            let wrong = try await client.send("PUT", "/v1/things/detail")
            #expect(wrong.status == 405)
            #expect(wrong.header("Allow")?.contains("GET") == true)
        }
    }

    @Test("An API that ignores what it does not know takes it out of a body")
    func ignored() async throws {
        let body: JSONValue = ["thing": ["name": " a ", "colour": "red"], "nix": 1]
        var api = SampleAPI.api(.nova)
        try await TestServer.with([api]) { client in
            let refused = try await client.send("POST", "/v1/things", json: body)
            #expect(refused.status == 400)
        }
        api.ignoresUnknown = true
        try await TestServer.with([api]) { client in
            let made = try await client.send("POST", "/v1/things", json: body)
            #expect(made.status == 201)
            #expect(try made.json() == ["thing": ["name": "a"]])
            #expect(try await client.send("POST", "/v1/things", json: ["nix": 1]).status == 400)
        }
    }

    @Test("Microversions: default, both headers, latest, range, form")
    func microversions() async throws {
        try await TestServer.with([SampleAPI.compute]) { client in
            func version(_ headers: [(String, String)]) async throws -> HTTPResponse {
                try await client.send("GET", "/v2.1/things/1", headers: headers)
            }
            let plain = try await version([])
            #expect(try plain.json()["version"] == "2.1")
            #expect(plain.header("OpenStack-API-Version") == "compute 2.1")
            #expect(plain.header("X-OpenStack-Nova-API-Version") == "2.1")
            #expect(plain.header("Vary")?.contains("OpenStack-API-Version") == true)
            #expect(try await version([("OpenStack-API-Version", "compute 2.53")]).json()["version"] == "2.53")
            #expect(
                try await version([("OpenStack-API-Version", "volume 3.1, compute 2.60")]).json()["version"] == "2.60")
            #expect(try await version([("X-OpenStack-Nova-API-Version", "2.7")]).json()["version"] == "2.7")
            #expect(try await version([("OpenStack-API-Version", "compute latest")]).json()["version"] == "2.104")
            let beyond = try await version([("OpenStack-API-Version", "compute 2.105")])
            #expect(beyond.status == 406)
            #expect(
                try beyond.json()["computeFault"]?["message"]
                    == "Version 2.105 is not supported by the API. Minimum is 2.1 and maximum is 2.104.")
            #expect(try await version([("OpenStack-API-Version", "compute 2.x")]).status == 400)
            #expect(try await client.send("GET", "/v2.1/new").status == 404)
            let new = try await client.send("GET", "/v2.1/new", headers: [("OpenStack-API-Version", "compute 2.50")])
            #expect(new.status == 200)
        }
    }

    @Test("Tokens and policy: 401 with the filter's body, 403, 503")
    func access() async throws {
        try await TestServer.with([SampleAPI.compute]) { client in
            let none = try await client.send("GET", "/v2.1/things/1", token: nil)
            #expect(none.status == 401)
            #expect(none.header("WWW-Authenticate") == "Keystone uri=\"http://identity/v3\"")
            #expect(try none.json()["error"]?["title"] == "Unauthorized")
            #expect(try await client.send("GET", "/v2.1/things/1", token: "forged").status == 401)
            #expect(try await client.send("GET", "/v2.1/things/1", token: "slow").status == 503)
            let forbidden = try await client.send("DELETE", "/v2.1/things/1")
            #expect(forbidden.status == 403)
            #expect(
                try forbidden.json()["forbidden"]?["message"] == "Policy doesn't allow delete to be performed.")
            #expect(try await client.send("DELETE", "/v2.1/things/1", token: "admin").status == 204)
        }
    }

    @Test("Bodies: schema by version, malformed, media type, limit")
    func bodies() async throws {
        try await TestServer.with([SampleAPI.compute]) { client in
            let sized: JSONValue = ["thing": ["name": "a", "size": 1]]
            #expect(try await client.send("POST", "/v2.1/things", json: ["thing": ["name": "a"]]).status == 201)
            let early = try await client.send("POST", "/v2.1/things", json: sized)
            #expect(early.status == 400)
            #expect(
                try early.json()["badRequest"]?["message"]?.stringValue?.contains("'size' was unexpected") == true)
            let late = [("OpenStack-API-Version", "compute 2.10")]
            #expect(try await client.send("POST", "/v2.1/things", headers: late, json: sized).status == 201)
            let broken = try await client.send(
                "POST", "/v2.1/things", headers: [("Content-Type", "application/json")], raw: Array("{".utf8))
            #expect(try broken.json()["badRequest"]?["message"] == "Malformed request body")
            #expect(try await client.send("POST", "/v2.1/things").status == 400)
            let xml = try await client.send(
                "POST", "/v2.1/things", headers: [("Content-Type", "application/xml")], raw: [60])
            #expect(xml.status == 415)
            let large = try await client.send(
                "POST", "/v2.1/things", json: .string(String(repeating: "x", count: 114_687)))
            #expect(large.status == 413)
            #expect(try large.json()["overLimit"]?["code"] == 413)
            let chunked = try await client.http.upload(
                "POST", client.base + "/v2.1/things", headers: [("X-Auth-Token", "member")], length: nil,
                chunks: Chunks(count: 3), timeout: .seconds(10))
            #expect(chunked.status == 413)
        }
    }

    @Test("Actions are chosen by the body's only key")
    func actions() async throws {
        try await TestServer.with([SampleAPI.compute]) { client in
            func act(_ body: JSONValue, _ version: String = "2.1") async throws -> HTTPResponse {
                try await client.send(
                    "POST", "/v2.1/things/1/action", headers: [("OpenStack-API-Version", "compute \(version)")],
                    json: body)
            }
            #expect(try await act(["start": nil]).json()["said"] == "start")
            #expect(try await act(["old": nil]).json()["said"] == "old")
            #expect(try await act(["old": nil], "2.6").status == 404)
            let unknown = try await act(["fly": nil])
            #expect(try unknown.json()["badRequest"]?["message"] == "There is no such action: fly")
            #expect(try await act(["start": nil, "old": nil]).status == 400)
            #expect(try await act([]).status == 400)
        }
    }

    @Test("Every response has a request id, and the handler's context the same")
    func requestIDs() async throws {
        try await TestServer.with([SampleAPI.compute]) { client in
            let shown = try await client.send("GET", "/v2.1/things/1")
            let id = try #require(shown.header("X-OpenStack-Request-ID"))
            #expect(id.hasPrefix("req-"))
            #expect(shown.header("X-Compute-Request-Id") == id)
            #expect(try shown.json()["context"]?.stringValue == id)
            #expect(try await client.send("GET", "/nowhere").header("X-Openstack-Request-Id") != nil)
        }
    }
}

/// Chunks of 64 KiB.
struct Chunks: AsyncSequence, Sendable {
    let count: Int
    struct Iterator: AsyncIteratorProtocol {
        var left: Int
        mutating func next() async throws -> [UInt8]? {
            guard left > 0 else { return nil }
            left -= 1
            return [UInt8](repeating: 7, count: 65_536)
        }
    }
    func makeAsyncIterator() -> Iterator { Iterator(left: count) }
}
