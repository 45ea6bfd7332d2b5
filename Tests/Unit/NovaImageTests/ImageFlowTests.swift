import NovaAuth
import NovaCore
import NovaCrypto
import NovaHTTP
import NovaHTTPClient
import NovaInterfaces
import NovaSchema
import Testing

@testable import NovaImage

@Suite("Images over REST", .timeLimit(.minutes(2)))
struct ImageFlowTests {
    static let text = Array("The quick brown fox jumps over the lazy dog".utf8)

    @Test("An image is made, gets its data, is read whole and in parts, and goes.")
    func life() async throws {
        try await ImageFixture.with { cloud in
            let id = try await cloud.create("a", ["name": "fox", "os_distro": "debian"])
            #expect(try await cloud.send("GET", "/v2/images/\(id)/file", as: "a").status == 204)
            #expect(try await cloud.upload(id, as: "a", Self.text).status == 204)
            let image = try await cloud.show(id, as: "a")
            #expect(image["status"] == "active")
            #expect(image["size"] == 43)
            #expect(image["virtual_size"] == 43)
            #expect(image["checksum"] == "9e107d9d372bb6826bd81d3542a419d6")
            #expect(image["os_hash_algo"] == "sha512")
            #expect(image["os_hash_value"]?.stringValue?.hasPrefix("07e547d9586f6a73f73fbac0435ed769") == true)
            #expect(image["stores"] == "file")
            #expect(image["os_distro"] == "debian")
            let whole = try await cloud.send("GET", "/v2/images/\(id)/file", as: "a")
            #expect(whole.body == Self.text)
            #expect(whole.header("Content-MD5") == "9e107d9d372bb6826bd81d3542a419d6")
            let part = try await cloud.send("GET", "/v2/images/\(id)/file", as: "a", headers: [("Range", "bytes=4-8")])
            #expect(part.status == 206)
            #expect(part.text == "quick")
            #expect(part.header("Content-Range") == "bytes 4-8/43")
            let outside = try await cloud.send(
                "GET", "/v2/images/\(id)/file", as: "a", headers: [("Range", "bytes=43-")])
            #expect(outside.status == 416)
            let head = try await cloud.send("HEAD", "/v2/images/\(id)", as: "a")
            #expect(head.status == 200)
            #expect(head.body.isEmpty)
            #expect(try await cloud.upload(id, as: "a", Self.text).status == 409)
            #expect(try await cloud.send("DELETE", "/v2/images/\(id)", as: "a").status == 204)
            #expect(try await cloud.send("GET", "/v2/images/\(id)", as: "a").status == 404)
            #expect(try await cloud.send("DELETE", "/v2/images/\(id)", as: "a").status == 404)
            #expect(cloud.names.isEmpty)
            let again = try await cloud.send("POST", "/v2/images", as: "a", ["id": .string(id)])
            #expect(again.status == 409)
        }
    }

    @Test("There are no definitions of properties, and clients are told so in the words that they know.")
    func definitions() async throws {
        try await ImageFixture.with { fixture in
            let list = try await fixture.send("GET", "/v2/metadefs/namespaces", as: "one").json()
            #expect(list["namespaces"] == [])
            let schema = try await fixture.send("GET", "/v2/schemas/metadefs/namespace", as: "one").json()
            #expect(schema["name"] == "namespace")
            #expect(list["schema"] == "/v2/schemas/metadefs/namespaces")
            #expect(try await fixture.send("GET", "/v2/metadefs/namespaces/OS::Compute", as: "one").status == 404)
            #expect(try await fixture.send("POST", "/v2/metadefs/namespaces", as: "admin", [:]).status == 405)
        }
    }

    @Test("All three media types of changes work, others are refused with those that do.")
    func patches() async throws {
        try await ImageFixture.with { cloud in
            let id = try await cloud.create("a", ["name": "old", "tags": ["x"], "colour": "red"])
            func patch(_ type: String, _ changes: JSONValue) async throws -> HTTPResponse {
                try await cloud.send("PATCH", "/v2/images/\(id)", as: "a", headers: [("Content-Type", type)], changes)
            }
            let new = "application/openstack-images-v2.1-json-patch"
            let first = try await patch(new, [["op": "replace", "path": "/name", "value": "one"]])
            #expect(first.status == 200)
            #expect(try first.json()["name"] == "one")
            let second = try await patch(
                "application/openstack-images-v2.0-json-patch", [["replace": "/name", "value": "two"]])
            #expect(try second.json()["name"] == "two")
            let third = try await patch(
                "application/json-patch+json",
                [
                    ["op": "add", "path": "/shape", "value": "round"], ["op": "remove", "path": "/colour"],
                    ["op": "add", "path": "/tags/-", "value": "y"], ["op": "replace", "path": "/min_ram", "value": 64],
                ])
            let changed = try third.json()
            #expect(changed["shape"] == "round")
            #expect(changed["colour"] == nil)
            #expect(changed["tags"] == ["x", "y"])
            #expect(changed["min_ram"] == 64)
            let other = try await patch("application/json", [["op": "replace", "path": "/name", "value": "x"]])
            #expect(other.status == 415)
            #expect(other.header("Accept-Patch")?.contains(new) == true)
            let refusals: [(JSONValue, Int)] = [
                (["op": "replace", "path": "/nothing", "value": "x"], 409),
                (["op": "remove", "path": "/nothing"], 409),
                (["op": "replace", "path": "/status", "value": "active"], 403),
                (["op": "remove", "path": "/name"], 403),
                (["op": "add", "path": "/os_glance_foo", "value": "x"], 403),
                (["op": "move", "path": "/name", "from": "/shape"], 400), (["op": "add", "path": "/name"], 400),
                (["op": "replace", "path": "/owner", "value": "b"], 403),
                (["op": "replace", "path": "/visibility", "value": "public"], 403),
                (["op": "replace", "path": "/min_ram", "value": -1], 400),
            ]
            for (change, status) in refusals {
                let answer = try await patch(new, [change])
                #expect(answer.status == status, "\(change.text): \(answer.text)")
            }
            let untouched = try await cloud.show(id, as: "a")
            #expect(untouched["name"] == "two")
            #expect(untouched["visibility"] == "shared")
        }
    }

    @Test("Protected images stay, limits of tags and properties hold, bad bodies are refused.")
    func rules() async throws {
        var limits = ImageLimits()
        limits.tags = 2
        limits.properties = 1
        try await ImageFixture.with(limits: limits) { cloud in
            let id = try await cloud.create("a", ["protected": true])
            #expect(try await cloud.send("DELETE", "/v2/images/\(id)", as: "a").status == 403)
            for (tag, status) in [("one", 204), ("two", 204), ("three", 413)] {
                #expect(try await cloud.send("PUT", "/v2/images/\(id)/tags/\(tag)", as: "a").status == status)
            }
            #expect(try await cloud.send("DELETE", "/v2/images/\(id)/tags/one", as: "a").status == 204)
            #expect(try await cloud.send("DELETE", "/v2/images/\(id)/tags/one", as: "a").status == 404)
            let bodies: [(JSONValue, Int)] = [
                (["a": "1", "b": "2"], 413), (["os_glance_x": "1"], 403), (["disk_format": "wrong"], 400),
                (["container_format": "wrong"], 400), (["owner": "b"], 403), (["visibility": "public"], 403),
                (["size": 5], 403), (["name": 5], 400), (["x": 5], 400), (["id": "x"], 400), ([], 400),
            ]
            for (body, status) in bodies {
                let answer = try await cloud.send("POST", "/v2/images", as: "a", body)
                #expect(answer.status == status, "\(body.text): \(answer.text)")
            }
            #expect(try await cloud.send("POST", "/v2/images", as: "a-reader", [:]).status == 403)
            #expect(try await cloud.send("GET", "/v2/images/", as: "a").status == 404)
            #expect(try await cloud.send("DELETE", "/v2/images/", as: "a").status == 404)
        }
    }

    @Test("Only an active image's data is read; its owner may switch that off and on.")
    func deactivation() async throws {
        try await ImageFixture.with { cloud in
            let id = try await cloud.create("a", ["visibility": "community"])
            let path = "/v2/images/\(id)/actions"
            #expect(try await cloud.send("POST", "\(path)/deactivate", as: "a").status == 403)
            _ = try await cloud.upload(id, as: "a", Self.text)
            #expect(try await cloud.send("POST", "\(path)/deactivate", as: "b").status == 403)
            #expect(try await cloud.send("POST", "\(path)/deactivate", as: "a").status == 204)
            #expect(try await cloud.show(id, as: "a")["status"] == "deactivated")
            #expect(try await cloud.send("GET", "/v2/images/\(id)/file", as: "a").status == 403)
            #expect(try await cloud.send("GET", "/v2/images/\(id)/file", as: "admin").status == 200)
            #expect(try await cloud.send("POST", "\(path)/reactivate", as: "a").status == 204)
            #expect(try await cloud.send("GET", "/v2/images/\(id)/file", as: "b").body == Self.text)
        }
    }

    @Test("A compute host reads and writes by its grant, and nothing else.")
    func grants() async throws {
        try await ImageFixture.with { cloud in
            let id = try await cloud.create("a")
            let other = try await cloud.create("a")
            let signer = GrantSigner(key: ImageFixture.grantKey)
            func grant(_ id: String, _ access: GrantAccess, _ checksum: String = "") throws -> (String, String) {
                let grant = Grant(
                    imageID: try #require(ImageID(id)), host: "h", access: access, checksum: checksum,
                    expires: Timestamp.now().adding(seconds: 60))
                return ("X-Nova-Grant", try signer.sign(grant))
            }
            func read(_ id: String, _ header: (String, String)) async throws -> HTTPResponse {
                try await cloud.http.request("GET", "\(cloud.url)/v2/images/\(id)/file", headers: [header])
            }
            let write = try grant(id, .write)
            #expect(
                try await cloud.http.request(
                    "PUT", "\(cloud.url)/v2/images/\(id)/file",
                    headers: [("Content-Type", "application/octet-stream"), write], body: Self.text
                ).status == 204)
            #expect(try await read(id, try grant(id, .read)).body == Self.text)
            #expect(try await read(other, try grant(id, .read)).status == 403)
            #expect(try await read(id, try grant(id, .read, "sha512:00")).status == 409)
            #expect(try await read(id, ("X-Nova-Grant", "nonsense")).status == 401)
            #expect(try await read(id, ("X-Nothing", "")).status == 401)
        }
    }

    @Test("Deleting an image that is being read or written harms nobody and leaves nothing.")
    func deletionInUse() async throws {
        try await ImageFixture.with { cloud in
            let data = [UInt8](repeating: 7, count: 32 << 20)
            let id = try await cloud.create("a")
            #expect(try await cloud.upload(id, as: "a", data).status == 204)
            let counter = Counter()
            let (status, _) = try await cloud.http.download(
                "\(cloud.url)/v2/images/\(id)/file", headers: [("X-Auth-Token", "a")], timeout: .seconds(60)
            ) { chunk in
                guard await counter.add(chunk.count) else { return }
                let deleted = try await cloud.send("DELETE", "/v2/images/\(id)", as: "a")
                #expect(deleted.status == 204)
            }
            #expect(status == 200)
            #expect(await counter.sum == data.count)
            #expect(cloud.names.isEmpty)

            let second = try await cloud.create("a")
            let (chunks, sender) = AsyncStream<[UInt8]>.makeStream()
            async let upload = cloud.http.upload(
                "PUT", "\(cloud.url)/v2/images/\(second)/file",
                headers: [("X-Auth-Token", "a"), ("Content-Type", "application/octet-stream")], length: nil,
                chunks: chunks, timeout: .seconds(60))
            sender.yield(Self.text)
            _ = try await cloud.wait(for: second, "saving")
            #expect(try await cloud.send("DELETE", "/v2/images/\(second)", as: "a").status == 204)
            sender.yield(Self.text)
            sender.finish()
            #expect(try await upload.status == 410)
            #expect(cloud.names.isEmpty)
        }
    }

    @Test("A project's quota holds for each image and for all together.")
    func quota() async throws {
        var limits = ImageLimits()
        limits.storage = 100
        try await ImageFixture.with(limits: limits) { cloud in
            let first = try await cloud.create("a")
            let second = try await cloud.create("a")
            #expect(try await cloud.upload(first, as: "a", [UInt8](repeating: 0, count: 60)).status == 204)
            #expect(try await cloud.upload(second, as: "a", [UInt8](repeating: 0, count: 60)).status == 413)
            #expect(try await cloud.show(second, as: "a")["status"] == "queued")
            #expect(
                try await cloud.upload(second, as: "a", [UInt8](repeating: 0, count: 40), to: "stage").status == 204)
            let third = try await cloud.create("a")
            #expect(try await cloud.upload(third, as: "a", [1]).status == 413)
            let foreign = try await cloud.create("b")
            #expect(try await cloud.upload(foreign, as: "b", [UInt8](repeating: 0, count: 100)).status == 204)
            #expect(cloud.names.count == 3)
        }
    }

    @Test(
        "The amounts of the quota's option are those of Glance.",
        arguments: [
            ("0", 0), ("10", 10), ("5B", 5), ("2KB", 2048), ("1MB", 1 << 20), ("3gb", 3 << 30), ("1TB", 1 << 40),
            ("x", nil), ("", nil), ("-1", nil), ("99999999999TB", nil), ("1PB", nil),
        ] as [(String, Int64?)])
    func amounts(text: String, bytes: Int64?) { #expect(ImageLimits.bytes(text) == bytes) }
}

/// Counts bytes; says at the first ones that they are the first.
private actor Counter {
    private(set) var sum = 0

    func add(_ count: Int) -> Bool {
        defer { sum += count }
        return sum == 0
    }
}
