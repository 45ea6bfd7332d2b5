import CommonTestKit
import Foundation
import Logging
import NovaCore
import NovaHTTP
import NovaHTTPClient
import NovaSchema
import Synchronization
import Testing

/// Certificates in a folder of their own, made by `openssl`.
final class TestCertificates: Sendable {
    private let holder: TemporaryFolder
    var folder: String { holder.path }
    var certificate: String { "\(folder)/server.pem" }
    var key: String { "\(folder)/server.key" }

    init() throws { holder = try TemporaryFolder() }

    /// Makes an authority and puts a certificate of it in the server's place; gives the authority's file.
    func renew(_ name: String) throws -> String {
        let authority = "\(folder)/\(name).pem"
        try openssl(
            "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
            "-keyout", "\(folder)/\(name).key", "-out", authority, "-subj", "/CN=\(name)", "-addext",
            "basicConstraints=critical,CA:TRUE")
        try openssl(
            "req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-keyout",
            "\(folder)/new.key",
            "-out", "\(folder)/new.csr", "-subj", "/CN=server")
        try "subjectAltName=IP:127.0.0.1\n".write(toFile: "\(folder)/extensions", atomically: true, encoding: .utf8)
        try openssl(
            "x509", "-req", "-in", "\(folder)/new.csr", "-CA", authority, "-CAkey", "\(folder)/\(name).key",
            "-CAcreateserial", "-days", "2", "-out", "\(folder)/new.pem", "-extfile", "\(folder)/extensions")
        // As tools that renew certificates do it: one file after the other.
        try #require(rename("\(folder)/new.pem", certificate) == 0)
        try #require(rename("\(folder)/new.key", key) == 0)
        return authority
    }

    /// Runs `openssl`; throws unless it succeeds.
    @discardableResult
    func openssl(_ arguments: String...) throws -> String {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = ["openssl"] + arguments
        let output = Pipe()
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = output
        process.standardError = output
        try process.run()
        let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        guard process.terminationStatus == 0 else {
            throw NovaError(.internal, "openssl \(arguments[0])", details: text)
        }
        return text
    }

    /// Runs a server with the certificates for the time of a closure.
    func serve(
        log: Logger = TestServer.log, _ body: @escaping @Sendable (Int) async throws -> Void
    ) async throws {
        let api = API(
            name: "tls", prefix: "", microversions: nil, faults: .nova,
            operations: [
                Operation(.get, "/", name: "root", policy: nil, summary: "") { .json(["base": .string($0.baseURL)]) }
            ])
        let server = try HTTPServer(
            name: "tls", host: "127.0.0.1", port: 0, apis: [api], authenticator: nil,
            certificate: try ServerCertificate(certificate: certificate, key: key, log: log),
            log: TestServer.log)
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
}

/// What was logged.
final class LogLines: Sendable {
    private struct Handler: LogHandler {
        let lines: LogLines
        var metadata: Logger.Metadata = [:]
        var logLevel = Logger.Level.trace

        subscript(metadataKey key: String) -> Logger.Metadata.Value? {
            get { metadata[key] }
            set { metadata[key] = newValue }
        }

        func log(event: LogEvent) { lines.texts.withLock { $0.append("\(event.message)") } }
    }
    private let texts = Mutex<[String]>([])

    var logger: Logger { Logger(label: "test") { [self] _ in Handler(lines: self) } }

    func contains(_ text: String) -> Bool { texts.withLock { $0.contains { $0.contains(text) } } }
}

@Suite("HTTPS", .timeLimit(.minutes(2)))
struct TLSTests {
    /// Asks with a client of its own, which trusts an authority.
    private func ask(_ port: Int, _ authority: String, scheme: String = "https") async throws -> HTTPResponse {
        let client = HTTPClient(authorities: authority)
        do {
            let answer = try await client.request("GET", "\(scheme)://127.0.0.1:\(port)/", timeout: .seconds(10))
            await client.shutdown()
            return answer
        } catch {
            await client.shutdown()
            throw error
        }
    }

    @Test("Clients that know the authority are served, and see https in links; others trust nobody.")
    func trust() async throws {
        let files = try TestCertificates()
        let authority = try files.renew("first")
        let stranger = try TestCertificates()
        let other = try stranger.renew("other")
        try await files.serve { port in
            let answer = try await ask(port, authority)
            #expect(answer.status == 200)
            #expect(try answer.json()["base"] == .string("https://127.0.0.1:\(port)"))
            for bad in [other, ""] {
                let error = await #expect(throws: NovaError.self) { try await ask(port, bad) }
                #expect(error?.code == .unavailable)
            }
            await #expect(throws: NovaError.self) { try await ask(port, "", scheme: "http") }
            #expect(try await ask(port, authority).status == 200)
        }
    }

    @Test("TLS 1.2 and 1.3 are spoken, nothing older.")
    func versions() async throws {
        let files = try TestCertificates()
        let authority = try files.renew("first")
        try await files.serve { port in
            for (version, isSpoken) in [("-tls1_3", true), ("-tls1_2", true), ("-tls1_1", false), ("-tls1", false)] {
                let ciphers = version == "-tls1_3" ? "DEFAULT" : "ALL:@SECLEVEL=0"
                let run = Result {
                    try files.openssl(
                        "s_client", "-connect", "127.0.0.1:\(port)", "-CAfile", authority, "-verify_return_error",
                        version,
                        "-cipher", ciphers)
                }
                switch run {
                case .success: #expect(isSpoken, "\(version)")
                case .failure(let error):
                    #expect(!isSpoken, "\(version): \(NovaError(error).details)")
                    // The server says so; it is not that this client could not ask.
                    #expect(NovaError(error).details.contains("alert protocol version"), "\(NovaError(error).details)")
                }
            }
        }
    }

    @Test("A new certificate is used for new connections, old ones go on; a bad one changes nothing.")
    func renewal() async throws {
        let files = try TestCertificates()
        let first = try files.renew("first")
        let lines = LogLines()
        try await files.serve(log: lines.logger) { port in
            let old = HTTPClient(connectionsPerHost: 1, authorities: first)
            let url = "https://127.0.0.1:\(port)/"
            #expect(try await old.request("GET", url).status == 200)
            let second = try files.renew("second")
            try await until("the new certificate") { (try? await ask(port, second).status) == 200 }
            // The old connection is open still: a new one of this client would fail.
            #expect(try await old.request("GET", url).status == 200)
            await #expect(throws: NovaError.self) { try await ask(port, first) }
            await old.shutdown()

            try "nonsense".write(toFile: files.certificate, atomically: true, encoding: .utf8)
            // A connection makes the server look.
            try await until("the refusal of nonsense") {
                let status = try await ask(port, second).status
                #expect(status == 200)
                return lines.contains("the changed certificate cannot be used")
            }
            #expect(try await ask(port, second).status == 200)
        }
    }

    @Test("A certificate that is none, or not the key's, is an error at the start.")
    func wrongFiles() throws {
        let files = try TestCertificates()
        _ = try files.renew("first")
        let others = try TestCertificates()
        _ = try others.renew("other")
        for (certificate, key) in [
            (files.certificate, others.key), (files.key, files.key), (files.certificate, "/nowhere"),
            ("/nowhere", files.key),
        ] {
            let error = #expect(throws: NovaError.self) {
                try ServerCertificate(certificate: certificate, key: key, log: TestServer.log)
            }
            #expect(error?.code == .badRequest)
        }
    }
}
