import Logging
import NovaAuth
import NovaCore
import NovaCrypto
import NovaHTTP
import NovaHTTPClient
import NovaInterfaces
import NovaModel
import NovaSchema
import Synchronization
import Testing

@testable import NovaImage

/// The way to the images of a Glance of somebody else.
@Suite("Images of a Glance of somebody else", .timeLimit(.minutes(1)))
struct GlanceTests {
    private struct Cloud {
        let glance: GlanceStub
        let images: GlanceImages
        /// The gateway's.
        let url: String
        let http: HTTPClient
        let id = ImageID.random()

        /// The image's name, when the project may see it.
        func seen(_ project: String, isAdmin: Bool = false) async throws -> String? {
            do {
                return try await images.describe(DescribeImage(id, project: ProjectID(project), isAdmin: isAdmin)).name
            } catch let error as NovaError where error.code == .notFound {
                return nil
            }
        }

        func file(
            _ verb: String, _ access: GrantAccess, checksum: String = "", headers: [(String, String)] = [],
            _ body: [UInt8]? = nil
        ) async throws -> HTTPResponse {
            let grant = Grant(
                imageID: id, host: "host", access: access, checksum: checksum,
                expires: Timestamp.now().adding(seconds: 60))
            let text = try GrantSigner(key: ImageFixture.grantKey).sign(grant)
            return try await http.request(
                verb, "\(url)/v2/images/\(id)/file",
                headers: headers + [("X-Nova-Grant", text), ("Content-Type", "application/octet-stream")], body: body)
        }
    }

    private func with(_ body: @escaping @Sendable (Cloud) async throws -> Void) async throws {
        let stub = GlanceStub()
        try await serve(stub.api) { glanceURL in
            let http = HTTPClient(readTimeout: .seconds(5))
            let client = GlanceClient(base: glanceURL + "/", http: http, login: nil, timeout: .seconds(5))
            let key = ImageFixture.grantKey.verifyingKey
            let gateway = GlanceGateway(glance: client, grants: GrantAuthority(keys: { [key] }))
            do {
                try await serve(gateway.api) { url in
                    try await body(Cloud(glance: stub, images: GlanceImages(glance: client), url: url, http: http))
                }
            } catch {
                await http.shutdown()
                throw error
            }
            await http.shutdown()
        }
    }

    private func serve(_ api: API, _ body: @escaping @Sendable (String) async throws -> Void) async throws {
        let server = try HTTPServer(
            name: api.name, host: "127.0.0.1", port: 0, apis: [api], authenticator: nil, log: ImageFixture.log)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await server.run() }
            let url = "http://127.0.0.1:\(try await server.waitUntilListening())"
            let result: Result<Void, any Error>
            do { result = .success(try await body(url)) } catch { result = .failure(error) }
            group.cancelAll()
            try await group.waitForAll()
            try result.get()
        }
    }

    private static let data = (0..<300_000).map { UInt8(truncatingIfNeeded: $0 &* 31) }
    private static let sum = Hex.encode(HashAlgorithm.sha512.digest(data))

    @Test("A project sees what Glance would let it see.")
    func visibility() async throws {
        try await with { cloud in
            let missing = try await cloud.seen("one", isAdmin: true)
            #expect(missing == nil)
            for (visibility, other) in [
                ("private", nil), ("public", "x"), ("community", "x"), ("shared", nil),
            ] as [(String, String?)] {
                cloud.glance.add(cloud.id, ["name": "x", "visibility": .string(visibility), "owner": "one"])
                let owners = try await cloud.seen("one")
                let strangers = try await [cloud.seen("two"), cloud.seen("")]
                let admins = try await cloud.seen("two", isAdmin: true)
                #expect(owners == "x" && admins == "x" && strangers == [other, other], "\(visibility)")
            }
            cloud.glance.state.withLock { $0.members[cloud.id.description] = ["two"] }
            let members = try await [cloud.seen("two"), cloud.seen("three")]
            #expect(members == ["x", nil])
        }
    }

    @Test("A host reads by its grant, and never gets the whole of what is damaged.")
    func reading() async throws {
        try await with { cloud in
            cloud.glance.add(
                cloud.id, ["os_hash_algo": "sha512", "os_hash_value": .string(Self.sum), "hw_disk_bus": "virtio"],
                data: Self.data)
            let whole = try await cloud.file("GET", .read)
            #expect(whole.status == 200 && whole.body == Self.data)
            let part = try await cloud.file("GET", .write, headers: [("Range", "bytes=0-0")])
            #expect(part.status == 206 && part.body == [0])
            let reference = try await cloud.images.describe(
                DescribeImage(cloud.id, project: ProjectID(""), isAdmin: true))
            #expect(reference.sha512 == Self.sum && reference.size == 300_000)
            #expect(reference.properties == ["hw_disk_bus": "virtio"])
            #expect(try await cloud.file("GET", .read, checksum: "sha512:\(Self.sum)").status == 200)
            #expect(try await cloud.file("GET", .read, checksum: "sha512:00").status == 409)
            let none = try await cloud.http.request("GET", "\(cloud.url)/v2/images/\(cloud.id)/file")
            #expect(none.status == 401)
            for (attribute, wrong) in [("os_hash_algo", JSONValue("md5")), ("size", 299_999), ("size", 300_001)] {
                cloud.glance.add(
                    cloud.id,
                    ["os_hash_algo": "sha512", "os_hash_value": .string(Self.sum), attribute: wrong], data: Self.data)
                await #expect(throws: NovaError.self) { try await cloud.file("GET", .read) }
            }
            cloud.glance.add(cloud.id, [:])
            #expect(try await cloud.file("GET", .read).status == 204)
        }
    }

    @Test("A snapshot is made once, sent once, and found if it is what was sent.")
    func writing() async throws {
        try await with { cloud in
            var snapshot = SnapshotImage()
            snapshot.id = cloud.id
            snapshot.name = "copy"
            snapshot.owner = ProjectID("one")
            snapshot.minDiskGB = 2
            snapshot.properties = ["instance_uuid": "s", "size": "7", "os_glance_x": "y"]
            _ = try await cloud.images.add(snapshot)
            _ = try await cloud.images.add(snapshot)
            let made = try #require(cloud.glance.image(cloud.id))
            #expect(made["owner"] == "one" && made["visibility"] == "private" && made["min_disk"] == 2)
            #expect(made["size"] == nil && made["os_glance_x"] == nil && made["instance_uuid"] == "s")
            snapshot.properties["instance_uuid"] = "other"
            await #expect(throws: NovaError.self) { try await cloud.images.add(snapshot) }

            #expect(try await cloud.file("PUT", .read, Self.data).status == 403)
            #expect(try await cloud.file("PUT", .write, Self.data).status == 204)
            let stored = cloud.glance.state.withLock { $0.data[cloud.id.description] }
            #expect(stored == Self.data)
            #expect(try await cloud.file("PUT", .write, Self.data).status == 409)
            // A Glance that says it stored something else.
            cloud.glance.add(
                cloud.id, ["os_hash_algo": "sha512", "os_hash_value": "00", "status": "queued"])
            #expect(try await cloud.file("PUT", .write, Self.data).status == 412)
            _ = try await cloud.images.discard(cloud.id)
            _ = try await cloud.images.discard(cloud.id)
            #expect(cloud.glance.image(cloud.id) == nil)
            #expect(try await cloud.file("PUT", .write, Self.data).status == 404)
        }
    }

    @Test("Of backups the newest stay, and those that are protected.")
    func backups() async throws {
        try await with { cloud in
            let server = ServerID.random()
            let ids = (0..<5).map { _ in ImageID.random() }
            for (day, id) in ids.enumerated() {
                cloud.glance.add(
                    id,
                    [
                        "created_at": .string("2026-01-0\(day + 1)T00:00:00Z"), "owner": "one", "backup_type": "daily",
                        "instance_uuid": .string(server.description), "protected": .bool(day == 1),
                    ])
            }
            _ = try await cloud.images.rotate(
                RotateBackups(server, owner: ProjectID("one"), BackupRotation(type: "daily", keep: 2)))
            #expect(ids.map { cloud.glance.image($0) != nil } == [false, true, false, true, true])
        }
    }

    @Test("A token that Glance no longer takes is asked for anew; a user whom it does not let in is the operator's.")
    func tokens() async throws {
        let stub = GlanceStub()
        let id = ImageID.random()
        stub.add(id, [:])
        let keystone = API(
            name: "keystone", prefix: "/v3", microversions: nil, faults: .keystone,
            operations: [
                Operation(
                    .post, "/auth/tokens", name: "login", body: [BodySchema(.anyObject)], policy: nil, success: 201,
                    summary: "login"
                ) { _ in
                    let token = "\(UUID128.random())"
                    stub.state.withLock { if $0.tokens != nil { $0.tokens = [token] } }
                    return .json(201, headers: [("X-Subject-Token", token)], [:])
                }
            ])
        stub.state.withLock { $0.tokens = [] }
        let http = HTTPClient()
        func play() async throws {
            try await serve(keystone) { keystoneURL in
                try await serve(stub.api) { url in
                    let login = KeystoneLogin(
                        .init(url: keystoneURL, username: "nova", password: Secret("p"), projectName: "service"),
                        client: http, log: ImageFixture.log)
                    let client = GlanceClient(base: url, http: http, login: login, timeout: .seconds(5))
                    _ = try await client.image(id)
                    stub.state.withLock { $0.tokens = [] }
                    _ = try await client.image(id)
                    let stored = stub.state.withLock { $0.tokens?.count }
                    #expect(stored == 1)
                }
            }
        }
        do { try await play() } catch {
            await http.shutdown()
            throw error
        }
        await http.shutdown()
    }
}
