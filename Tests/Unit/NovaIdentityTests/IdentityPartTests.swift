import DatabaseTestKit
import Glibc
import Logging
import NovaCore
import NovaCrypto
import NovaDatabase
import NovaSchema
import Testing

@testable import NovaIdentity

@Suite struct IdentityPartTests {
    @Test func endpointURLs() {
        var endpoint = Endpoint()
        endpoint.url = "http://h/$(project_id)s/%(user_id)s/100%/$x"
        #expect(endpoint.url(project: "p", user: "u") == "http://h/p/u/100%/$x")
        #expect(endpoint.url(project: nil, user: "u") == nil)
        endpoint.url = "http://h/v1"
        #expect(endpoint.url(project: nil, user: "u") == "http://h/v1")
    }

    @Test func guessingIsSlowedDown() {
        let limiter = LoginLimiter()
        let start = ContinuousClock.now
        for _ in 0..<LoginLimiter.freeFailures {
            #expect(limiter.admit("alice", at: start))
            limiter.finish("alice", succeeded: false, at: start)
        }
        #expect(!limiter.admit("alice", at: start))
        #expect(limiter.admit("bob", at: start))
        #expect(limiter.admit("alice", at: start + LoginLimiter.pause))
        #expect(!limiter.admit("alice", at: start + LoginLimiter.pause))
        #expect(limiter.admit("alice", at: start + LoginLimiter.memory * 2))
    }

    @Test func listFilters() {
        let body: JSONValue = ["name": "alice", "enabled": true]
        func passes(_ name: String, _ value: String) -> Bool { ListFilter([(name: name, value: value)]).matches(body) }
        #expect(passes("name", "alice") && !passes("name", "Alice"))
        #expect(passes("name__icontains", "LIC") && !passes("name__startswith", "lic"))
        #expect(passes("enabled", "True") && !passes("enabled", "false"))
        #expect(passes("limit", "1"))
    }

    @Test func secretFiles() throws {
        let folder = "/tmp/nova-identity-test-\(UUID128.random().hex)"
        #expect(mkdir(folder, 0o700) == 0)
        let path = "\(folder)/key"
        defer {
            unlink(path)
            rmdir(folder)
        }
        let file = SecretFile(path: path)
        #expect(try file.loadOrCreate { "first" }.reveal() == "first")
        #expect(try file.loadOrCreate { "second" }.reveal() == "first")
        var status = stat()
        #expect(stat(path, &status) == 0 && status.st_mode & 0o777 == 0o600)
        chmod(path, 0o644)
        #expect(throws: NovaError.self) { try file.loadOrCreate { "third" } }
    }

    @Test(arguments: DatabaseKind.available) func bootstrapRunsOnceAndFollowsOptions(kind: DatabaseKind) async throws {
        let log = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        let core = try IdentityCore(
            database: await kind.open(IdentitySchema.current), keys: [TokenKey(key: SigningKey(), created: .now())],
            sealingKey: Secret(RandomBytes.make(32)), tokenLifetime: 60, passwordRounds: 1, log: log)
        func prepare(_ url: String) async throws {
            let offer = Bootstrap.Offer(type: "compute", name: "nova", url: url)
            try await core.prepare(Bootstrap(region: "RegionOne", offers: [offer])) { Secret("secret") }
        }
        for url in ["http://a", "http://a", "http://b"] {
            try await prepare(url)
            let (urls, users) = try await core.store.read { connection in
                (try connection.all(Endpoint.self).map(\.url), try connection.all(User.self).count)
            }
            #expect(urls == [url, url, url])
            #expect(users == 1)
        }
        await core.store.database.close()
    }
}
