import DatabaseTestKit
import NovaCore
import NovaDatabase
import NovaHTTP
import NovaHTTPClient
import NovaSchema
import Synchronization
import Testing

@testable import NovaImage

@Suite("Imports", .timeLimit(.minutes(2)))
struct ImportTests {
    private static let direct: JSONValue = ["method": ["name": "glance-direct"]]

    private func download(_ uri: String) -> JSONValue {
        ["method": ["name": "web-download", "uri": .string(uri)]]
    }

    @Test("Staged data becomes the image's, and the task says so.")
    func staged() async throws {
        try await ImageFixture.with { cloud in
            let methods = try await cloud.send("GET", "/v2/info/import", as: "a").json()
            #expect(methods["import-methods"]?["value"] == ["glance-direct", "web-download"])
            let id = try await cloud.create("a", ["disk_format": "qcow2"])
            let path = "/v2/images/\(id)/import"
            #expect(try await cloud.send("POST", path, as: "a", Self.direct).status == 409)
            #expect(try await cloud.upload(id, as: "a", DiskSamples.qcow2(), to: "stage").status == 204)
            #expect(try await cloud.show(id, as: "a")["status"] == "uploading")
            #expect(try await cloud.upload(id, as: "a", [1], to: "stage").status == 409)
            #expect(try await cloud.upload(id, as: "a", [1]).status == 409)
            #expect(try await cloud.send("GET", "/v2/images/\(id)/file", as: "a").status == 204)
            for body: JSONValue in [[:], ["method": [:]], ["method": ["name": "copy-image"]], ["method": "x"]] {
                #expect(try await cloud.send("POST", path, as: "a", body).status == 400)
            }
            let elsewhere: JSONValue = ["method": ["name": "glance-direct"], "stores": ["ceph"]]
            #expect(try await cloud.send("POST", path, as: "a", elsewhere).status == 409)
            let accepted = try await cloud.send("POST", path, as: "a", Self.direct)
            #expect(accepted.status == 202)
            let image = try await cloud.wait(for: id, "active", as: "a")
            #expect(image["virtual_size"] == .integer(1 << 30))
            #expect(image["size"] == 262_144)
            #expect(image["os_glance_failed_import"] == "")
            #expect(try await cloud.send("GET", "/v2/images/\(id)/file", as: "a").body == DiskSamples.qcow2())
            let tasks = try await cloud.send("GET", "/v2/images/\(id)/tasks", as: "a").json()["tasks"]?.arrayValue ?? []
            #expect(tasks.count == 1)
            #expect(tasks.first?["status"] == "success")
            #expect(tasks.first?["request_id"]?.stringValue == accepted.header("x-openstack-request-id"))
            #expect(tasks.first?["input"]?["import_req"] == Self.direct)
            let task = try #require(tasks.first?["id"]?.stringValue)
            #expect(try await cloud.send("GET", "/v2/tasks", as: "a").status == 403)
            #expect(
                try await cloud.send("GET", "/v2/tasks/\(task)", as: "admin").json()["result"]?["image_id"]
                    == .string(id))
            #expect(try await cloud.send("GET", "/v2/tasks", as: "admin").json()["tasks"]?.arrayValue?.count == 1)
            #expect(cloud.names == [id])
        }
    }

    @Test("Data that may not be is not imported: the image waits for other data, and the task says why.")
    func refused() async throws {
        try await ImageFixture.with { cloud in
            let id = try await cloud.create("a", ["disk_format": "qcow2"])
            let hostile = DiskSamples.qcow2 { DiskSamples.put(512, 8, big: true, at: 8, in: &$0) }
            let upload = try await cloud.upload(id, as: "a", hostile)
            #expect(upload.status == 415)
            #expect(upload.text.contains("backing file"))
            #expect(try await cloud.show(id, as: "a")["status"] == "queued")
            #expect(try await cloud.upload(id, as: "a", hostile, to: "stage").status == 204)
            #expect(try await cloud.send("POST", "/v2/images/\(id)/import", as: "a", Self.direct).status == 202)
            let image = try await cloud.wait(for: id, "queued")
            #expect(image["os_glance_failed_import"] == "file")
            #expect(image["size"] == .null)
            let tasks = try await cloud.send("GET", "/v2/images/\(id)/tasks", as: "a").json()["tasks"]
            #expect(tasks?.arrayValue?.first?["status"] == "failure")
            #expect(tasks?.arrayValue?.first?["message"]?.stringValue?.contains("backing file") == true)
            #expect(cloud.names.isEmpty)
            #expect(try await cloud.upload(id, as: "a", DiskSamples.qcow2()).status == 204)
        }
    }

    @Test("An import that a process accepted is done by the next one; what nobody knows is swept away.")
    func resumed() async throws {
        try await ImageFixture.with(importing: false) { cloud in
            let id = try await cloud.create("a")
            let left = try await cloud.create("a")
            #expect(try await cloud.upload(id, as: "a", ImageFlowTests.text, to: "stage").status == 204)
            #expect(try await cloud.upload(left, as: "a", ImageFlowTests.text, to: "stage").status == 204)
            #expect(try await cloud.send("POST", "/v2/images/\(id)/import", as: "a", Self.direct).status == 202)
            let stray = try cloud.intake.files.receive(ImageID.random(), staged: true, atMost: 10)
            _ = try await stray.finish(announced: nil) { _ in nil }
            #expect(cloud.names.count == 3)
            // What the next process does at its start.
            let imports = ImageFixture.imports(cloud.intake)
            cloud.intake.files.sweep(keeping: try await cloud.intake.table.recover())
            try await imports.resume()
            #expect(cloud.names == ["\(id).staged", "\(left).staged"].sorted())
            let work = Task { await imports.run() }
            _ = try await cloud.wait(for: id, "active")
            work.cancel()
            await work.value
            #expect(try await cloud.show(left, as: "a")["status"] == "uploading")
        }
    }

    @Test("An import begun too often ends as a failure.")
    func attempts() async throws {
        try await ImageFixture.with(importing: false) { cloud in
            let id = try await cloud.create("a")
            _ = try await cloud.upload(id, as: "a", [1], to: "stage")
            #expect(try await cloud.send("POST", "/v2/images/\(id)/import", as: "a", Self.direct).status == 202)
            let task = try #require(try await cloud.intake.table.openTasks().first)
            for _ in 0..<ImportTask.attemptLimit { _ = try await cloud.intake.table.begin(task) }
            let imports = ImageFixture.imports(cloud.intake)
            try await imports.resume()
            let work = Task { await imports.run() }
            _ = try await cloud.wait(for: id, "queued")
            work.cancel()
            await work.value
            #expect(try await cloud.intake.table.task(task)?.status == .failure)
        }
    }

    /// A server that hands out images, or leads elsewhere.
    private func withServer(_ body: @escaping @Sendable (Int) async throws -> Void) async throws {
        let operations: [Operation] = [
            Operation(.get, "/image", name: "image", policy: nil, summary: "") { _ in
                .bytes(contentType: "application/octet-stream", ImageFlowTests.text)
            },
            Operation(.get, "/moved", name: "moved", policy: nil, summary: "") { _ in
                .empty(302, headers: [("Location", "/image")])
            },
            Operation(.get, "/inside", name: "inside", policy: nil, summary: "") { _ in
                .empty(302, headers: [("Location", "http://169.254.169.254/latest")])
            },
            Operation(.get, "/circle", name: "circle", policy: nil, summary: "") { _ in
                .empty(302, headers: [("Location", "/circle")])
            },
            Operation(.get, "/cut", name: "cut", policy: nil, summary: "") { _ in
                .stream(contentType: "application/octet-stream", length: 100) { write in
                    try await write([1])
                    throw NovaError(.internal, "An internal error occurred.")
                }
            },
        ]
        let server = try HTTPServer(
            name: "web", host: "127.0.0.1", port: 0,
            apis: [API(name: "web", prefix: "", microversions: nil, faults: .glance, operations: operations)],
            authenticator: nil, log: ImageFixture.log)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await server.run() }
            let port = try await server.waitUntilListening()
            let result: Result<Void, any Error>
            do { result = .success(try await body(port)) } catch { result = .failure(error) }
            group.cancelAll()
            try await group.waitForAll()
            try result.get()
        }
    }

    @Test("Data is fetched from allowed servers, also when they redirect, and not from where they lead inside.")
    func fetched() async throws {
        try await withServer { port in
            var filter = ImportFilter()
            filter.hosts = ["localhost"]
            filter.ports = [port]
            try await ImageFixture.with(filter: filter) { cloud in
                for (path, status) in [
                    ("image", "active"), ("moved", "active"), ("inside", "queued"), ("circle", "queued"),
                    ("cut", "queued"),
                    ("missing", "queued"),
                ] {
                    let id = try await cloud.create("a")
                    let body = download("http://localhost:\(port)/\(path)")
                    #expect(try await cloud.send("POST", "/v2/images/\(id)/import", as: "a", body).status == 202)
                    let image = try await cloud.wait(for: id, "active", "queued")
                    #expect(image["status"]?.stringValue == status, "\(path)")
                    let data = try await cloud.send("GET", "/v2/images/\(id)/file", as: "a").body
                    #expect(data == (status == "active" ? ImageFlowTests.text : []))
                }
                let task = try await cloud.send(
                    "POST", "/v2/tasks", as: "admin",
                    [
                        "type": "import",
                        "input": [
                            "import_from": .string("http://localhost:\(port)/image"), "import_from_format": "raw",
                            "image_properties": ["name": "by task", "container_format": "bare", "disk_format": "raw"],
                        ],
                    ])
                #expect(task.status == 201)
                let made = try #require(try task.json()["image_id"]?.stringValue)
                #expect(try await cloud.wait(for: made, "active")["name"] == "by task")
            }
        }
    }

    @Test("Without a list of hosts nothing at a private address is fetched, by whatever name.")
    func inside() async throws {
        try await withServer { port in
            var filter = ImportFilter()
            filter.ports = [port]
            try await ImageFixture.with(filter: filter) { cloud in
                for host in ["127.0.0.1", "[::1]", "[::ffff:127.0.0.1]"] {
                    let id = try await cloud.create("a")
                    let body = download("http://\(host):\(port)/image")
                    #expect(
                        try await cloud.send("POST", "/v2/images/\(id)/import", as: "a", body).status == 400, "\(host)")
                }
                // Names and odd numbers are looked at when it is known where they lead.
                for host in ["localhost", "2130706433", "0x7f.1"] {
                    let id = try await cloud.create("a")
                    let body = download("http://\(host):\(port)/image")
                    #expect(
                        try await cloud.send("POST", "/v2/images/\(id)/import", as: "a", body).status == 202, "\(host)")
                    let image = try await cloud.wait(for: id, "active", "queued")
                    #expect(image["status"] == "queued", "\(host)")
                }
            }
        }
    }

    @Test("URIs pass or not by the operator's lists.")
    func filters() throws {
        let open = ImportFilter()
        #expect(try open.target("HTTP://Example.ORG/x?y=1") == .init(scheme: "http", host: "example.org", port: 80))
        #expect(try open.target("https://example.org:443").port == 443)
        for uri in [
            "ftp://example.org/", "file:///etc/passwd", "http://example.org:22/", "http://user@example.org/",
            "http://example.org:80@10.0.0.1/", "http://10.0.0.1/", "http://[fe80::1]/", "http:///x", "http://",
            "http://exa mple.org/", "http://example.org\\@10.0.0.1/", "http://example.org/#x", "http://[::1/", "x", "",
            "http://example.org:99999/", "http://example.org:-1/", "http://[::ffff:10.0.0.1]/", "http://100.64.0.1/",
        ] { #expect(throws: NovaError.self, "\(uri)") { try open.target(uri) } }
        var listed = ImportFilter()
        listed.hosts = ["mirror.example", "10.0.0.1"]
        listed.refusedHosts = ["mirror.example"]
        #expect(try listed.target("http://10.0.0.1/x").host == "10.0.0.1")
        #expect(throws: NovaError.self) { try listed.target("http://mirror.example/") }
        #expect(throws: NovaError.self) { try listed.target("http://other.example/") }
    }

    @Test(
        "Addresses are public or not.",
        arguments: [
            ("8.8.8.8", true), ("1.1.1.1", true), ("127.0.0.1", false), ("10.1.2.3", false), ("172.16.0.1", false),
            ("172.32.0.1", true), ("192.168.1.1", false), ("169.254.169.254", false), ("0.0.0.0", false),
            ("255.255.255.255", false), ("224.0.0.1", false), ("100.127.0.1", false), ("100.128.0.1", true),
            ("2606:4700::1111", true), ("::1", false), ("::", false), ("fe80::1", false), ("fd00::1", false),
            ("::ffff:8.8.8.8", false), ("64:ff9b::7f00:1", false), ("64:ff9b::808:808", true), ("2002:7f00:1::", false),
            ("2001:db8::1", false), ("ff02::1", false),
        ])
    func addresses(text: String, isPublic: Bool) throws {
        #expect(try #require(NetworkAddress(text)).isPublic == isPublic)
    }
}
