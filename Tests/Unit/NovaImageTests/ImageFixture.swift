import CommonTestKit
import DatabaseTestKit
import Foundation
import Logging
import NovaAuth
import NovaCore
import NovaCrypto
import NovaDatabase
import NovaHTTP
import NovaHTTPClient
import NovaPolicy
import NovaSchema
import Testing

@testable import NovaImage

/// Takes the tokens `admin`, `PROJECT` (a member of it) and `PROJECT-reader`.
struct TestAuthenticator: Authenticator {
    func authenticate(token: String) async throws -> Caller {
        let isAdmin = token == "admin"
        let isReader = token.hasSuffix("-reader")
        let project = isReader ? String(token.dropLast("-reader".count)) : token
        return Caller(
            userID: UserID("user-\(token)"), projectID: ProjectID(project),
            roles: isAdmin ? ["admin", "member", "reader"] : isReader ? ["reader"] : ["member", "reader"],
            isAdmin: isAdmin, expires: .now().adding(seconds: 60))
    }
}

/// The whole Image API on a fresh database, a folder of its own and a free port.
final class ImageFixture: Sendable {
    static let log = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
    static let grantKey = SigningKey()

    let intake: ImageIntake
    let imports: ImageImports
    let folder: String
    let url: String
    let http = HTTPClient()

    private init(_ intake: ImageIntake, _ imports: ImageImports, _ folder: String, _ port: Int) {
        self.intake = intake
        self.imports = imports
        self.folder = folder
        url = "http://127.0.0.1:\(port)"
    }

    /// Runs a body on each kind of database.
    static func with(
        limits: ImageLimits = ImageLimits(), filter: ImportFilter = ImportFilter(), sizeLimit: Int64 = 1 << 30,
        importing: Bool = true, _ body: @escaping @Sendable (ImageFixture) async throws -> Void
    ) async throws {
        for kind in DatabaseKind.available {
            let folder = "/tmp/nova-image-\(UUID128.random())"
            defer { _ = try? FileManager.default.removeItem(atPath: folder) }
            let database = try await kind.open(ImageSchema.current)
            let intake = ImageIntake(
                table: ImageTable(database: database), files: try ImageFileStore(folder: folder, sizeLimit: sizeLimit),
                inspector: DiskInspector(virtualSizeLimit: sizeLimit), limits: limits)
            try await serve(intake, imports(intake, filter), folder, importing: importing, body)
            await database.close()
        }
    }

    static func imports(_ intake: ImageIntake, _ filter: ImportFilter = ImportFilter()) -> ImageImports {
        ImageImports(
            intake: intake, methods: ["glance-direct", "web-download"], filter: filter, workers: 2, log: log)
    }

    private static func serve(
        _ intake: ImageIntake, _ imports: ImageImports, _ folder: String, importing: Bool,
        _ body: @escaping @Sendable (ImageFixture) async throws -> Void
    ) async throws {
        let key = grantKey.verifyingKey
        let api = ImageAPI(intake: intake, imports: imports, grants: GrantAuthority(keys: { [key] }), log: log)
        let server = try HTTPServer(
            name: "image", host: "127.0.0.1", port: 0, apis: api.apis, authenticator: TestAuthenticator(),
            policy: try PolicySource(base: ImageAPI.rules), log: log)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await server.run() }
            if importing { group.addTask { await imports.run() } }
            let fixture = ImageFixture(intake, imports, folder, try await server.waitUntilListening())
            let result: Result<Void, any Error>
            do { result = .success(try await body(fixture)) } catch { result = .failure(error) }
            await fixture.http.shutdown()
            group.cancelAll()
            try await group.waitForAll()
            try result.get()
        }
    }

    func send(
        _ verb: String, _ path: String, as token: String, headers: [(String, String)] = [], _ body: JSONValue? = nil,
        raw: [UInt8]? = nil
    ) async throws -> HTTPResponse {
        var headers = headers + [("X-Auth-Token", token)]
        if body != nil, !headers.contains(where: { $0.0 == "Content-Type" }) {
            headers.append(("Content-Type", "application/json"))
        }
        return try await http.request(verb, url + path, headers: headers, body: body?.serialized() ?? raw)
    }

    /// Makes an image without data, and gives its id.
    func create(_ token: String, _ attributes: JSONObject = [:]) async throws -> String {
        var body: JSONObject = ["disk_format": "raw", "container_format": "bare"]
        for (name, value) in attributes { body[name] = value }
        let answer = try await send("POST", "/v2/images", as: token, .object(body))
        #expect(answer.status == 201, "\(answer.text)")
        return try #require(try answer.json()["id"]?.stringValue)
    }

    func upload(
        _ id: String, as token: String, _ data: [UInt8], to place: String = "file", headers: [(String, String)] = []
    ) async throws -> HTTPResponse {
        try await send(
            "PUT", "/v2/images/\(id)/\(place)", as: token,
            headers: [("Content-Type", "application/octet-stream")] + headers, raw: data)
    }

    func show(_ id: String, as token: String) async throws -> JSONValue {
        let answer = try await send("GET", "/v2/images/\(id)", as: token)
        #expect(answer.status == 200, "\(answer.text)")
        return try answer.json()
    }

    /// The ids of a list.
    func list(_ query: String = "", as token: String) async throws -> [String] {
        let answer = try await send("GET", "/v2/images\(query.isEmpty ? "" : "?\(query)")", as: token)
        #expect(answer.status == 200, "\(answer.text)")
        return try answer.json()["images"]?.arrayValue?.compactMap { $0["id"]?.stringValue } ?? []
    }

    /// Waits until an image has one of some states.
    func wait(for id: String, _ states: String..., as token: String = "admin") async throws -> JSONValue {
        var image = try await show(id, as: token)
        try await until("image \(id) is \(states)") {
            image = try await show(id, as: token)
            return image["status"]?.stringValue.map(states.contains) ?? false
        }
        return image
    }

    /// What the store's folder holds.
    var names: [String] { ((try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []).sorted() }
}
