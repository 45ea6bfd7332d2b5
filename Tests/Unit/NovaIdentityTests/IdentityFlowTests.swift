import NovaCore
import NovaHTTPClient
import NovaInterfaces
import NovaSchema
import Testing

@testable import NovaIdentity

/// What clients do, over HTTP.
@Suite struct IdentityFlowTests {
    @Test func discovery() async throws {
        try await IdentityFixture.with { identity in
            let versions = try await identity.send("GET", "/")
            #expect(versions.status == 300)
            let link = try versions.json()["versions"]?["values"]?[0]?["links"]?[0]?["href"]
            #expect(link?.stringValue == "\(identity.url)/v3/")
            for path in ["/v3", "/v3/"] {
                let version = try await identity.send("GET", path)
                #expect(version.status == 200)
                #expect(try version.json()["version"]?["id"] == "v3.14")
            }
            let missing = try await identity.send("GET", "/v3/users")
            #expect(missing.status == 401)
        }
    }

    @Test func scopesAndCatalog() async throws {
        try await IdentityFixture.with { identity in
            let scoped = try await identity.send(
                "POST", "/v3/auth/tokens",
                IdentityFixture.login("admin", "secret", scope: IdentityFixture.project("admin")))
            let token = try #require(try scoped.json()["token"])
            #expect(token["project"]?["name"] == "admin")
            #expect(
                token["roles"]?.arrayValue?.compactMap { $0["name"]?.stringValue } == [
                    "admin", "manager", "member", "reader",
                ])
            let project = try #require(token["project"]?["id"]?.stringValue)
            let volume = token["catalog"]?.arrayValue?.first { $0["type"] == "volumev3" }
            #expect(volume?["endpoints"]?[0]?["url"]?.stringValue == "http://127.0.0.1:8776/v3/\(project)")
            #expect(volume?["endpoints"]?.arrayValue?.count == 3)

            let bare = try await identity.send(
                "POST", "/v3/auth/tokens?nocatalog",
                IdentityFixture.login("admin", "secret", scope: IdentityFixture.project("admin")))
            #expect(try bare.json()["token"]?["catalog"] == nil)

            let system = try await identity.send(
                "POST", "/v3/auth/tokens", IdentityFixture.login("admin", "secret", scope: ["system": ["all": true]]))
            #expect(try system.json()["token"]?["system"]?["all"] == true)

            let unscoped = try await identity.send("POST", "/v3/auth/tokens", IdentityFixture.login("admin", "secret"))
            #expect(try unscoped.json()["token"]?["roles"] == nil)
            let proof = try #require(unscoped.header("X-Subject-Token"))
            let rescoped = try await identity.send(
                "POST", "/v3/auth/tokens",
                [
                    "auth": [
                        "identity": ["methods": ["token"], "token": ["id": .string(proof)]],
                        "scope": IdentityFixture.project("admin"),
                    ]
                ])
            #expect(rescoped.status == 201)
            #expect(try rescoped.json()["token"]?["expires_at"] == unscoped.json()["token"]?["expires_at"])
            #expect(try rescoped.json()["token"]?["audit_ids"]?.arrayValue?.count == 2)
        }
    }

    @Test(arguments: [("admin", "wrong", "admin"), ("nobody", "secret", "admin"), ("admin", "secret", "nowhere")])
    func refusalsAreAllTheSame(user: String, password: String, project: String) async throws {
        try await IdentityFixture.with { identity in
            let answer = try await identity.send(
                "POST", "/v3/auth/tokens",
                IdentityFixture.login(user, password, scope: IdentityFixture.project(project)))
            #expect(answer.status == 401)
            #expect(
                try answer.json() == [
                    "error": [
                        "code": 401, "message": "The request you have made requires authentication.",
                        "title": "Unauthorized",
                    ]
                ])
        }
    }

    @Test func malformedLogins() async throws {
        try await IdentityFixture.with { identity in
            let bodies: [JSONValue] = [
                [:], ["auth": [:]], ["auth": ["identity": [:]]],
                ["auth": ["identity": ["methods": ["password"], "password": ["user": ["name": "admin"]]]]],
                IdentityFixture.login("admin", "secret", scope: ["project": [:]]),
            ]
            for body in bodies {
                let answer = try await identity.send("POST", "/v3/auth/tokens", body)
                #expect(answer.status == 400)
            }
            let other: JSONValue = ["auth": ["identity": ["methods": ["totp"], "totp": ["user": [:]]]]]
            let answer = try await identity.send("POST", "/v3/auth/tokens", other)
            #expect(answer.status == 401)
        }
    }

    @Test func aProjectItsUserAndItsRole() async throws {
        try await IdentityFixture.with { identity in
            let admin = try await identity.adminToken()
            let project = try await identity.make("project", ["name": "demo", "domain_id": "default"], token: admin)
            let user = try await identity.make("user", ["name": "alice", "password": "pw"], token: admin)
            let again = try await identity.send("POST", "/v3/users", token: admin, ["user": ["name": "alice"]])
            #expect(again.status == 409)
            let found = try await identity.send("GET", "/v3/roles?name=member", token: admin).json()
            let role = try #require(found["roles"]?[0]?["id"]?.stringValue)
            let grant = "/v3/projects/\(project)/users/\(user)/roles/\(role)"
            #expect(try await identity.send("HEAD", grant, token: admin).status == 404)
            for _ in 0..<2 { #expect(try await identity.send("PUT", grant, token: admin).status == 204) }
            #expect(try await identity.send("HEAD", grant, token: admin).status == 204)

            let list = try await identity.send(
                "GET", "/v3/role_assignments?user.id=\(user)&include_names=True", token: admin
            ).json()["role_assignments"]
            #expect(list?[0]?["role"]?["name"] == "member")
            #expect(list?[0]?["scope"]?["project"]?["name"] == "demo")
            #expect(list?[0]?["user"]?["domain"]?["name"] == "Default")

            let login = IdentityFixture.login("alice", "pw", scope: IdentityFixture.project("demo"))
            let alice = try #require(
                try await identity.send("POST", "/v3/auth/tokens", login).header("X-Subject-Token"))
            // Users see themselves and their project, and nothing else.
            #expect(try await identity.send("GET", "/v3/users/\(user)", token: alice).status == 200)
            #expect(try await identity.send("GET", "/v3/projects/\(project)", token: alice).status == 200)
            #expect(try await identity.send("GET", "/v3/users", token: alice).status == 403)
            #expect(try await identity.send("GET", "/v3/role_assignments", token: alice).status == 403)
            #expect(
                try await identity.send("POST", "/v3/projects", token: alice, ["project": ["name": "x"]]).status == 403)
            #expect(try await identity.send("GET", "/v3/auth/tokens", token: alice, subject: admin).status == 403)
            let mine = try await identity.send("GET", "/v3/auth/projects", token: alice).json()["projects"]
            #expect(mine?.arrayValue?.count == 1)

            #expect(try await identity.send("DELETE", grant, token: admin).status == 204)
            #expect(try await identity.send("DELETE", grant, token: admin).status == 404)
            #expect(try await identity.send("GET", "/v3/users/\(user)", token: alice).status == 401)
            #expect(try await identity.send("POST", "/v3/auth/tokens", login).status == 401)
        }
    }

    @Test(arguments: ["token", "disabled user", "deleted user", "password", "disabled project", "deleted project"])
    func revocations(cause: String) async throws {
        try await IdentityFixture.with { identity in
            let admin = try await identity.adminToken()
            let project = try await identity.make("project", ["name": "demo"], token: admin)
            let user = try await identity.make("user", ["name": "alice", "password": "pw"], token: admin)
            let found = try await identity.send("GET", "/v3/roles?name=member", token: admin).json()
            let role = try #require(found["roles"]?[0]?["id"]?.stringValue)
            _ = try await identity.send("PUT", "/v3/projects/\(project)/users/\(user)/roles/\(role)", token: admin)
            let alice = try #require(
                try await identity.send(
                    "POST", "/v3/auth/tokens",
                    IdentityFixture.login("alice", "pw", scope: IdentityFixture.project("demo"))
                ).header("X-Subject-Token"))
            #expect(try await identity.send("GET", "/v3/auth/tokens", token: admin, subject: alice).status == 200)
            let change =
                switch cause {
                case "token": try await identity.send("DELETE", "/v3/auth/tokens", token: alice, subject: alice)
                case "disabled user":
                    try await identity.send("PATCH", "/v3/users/\(user)", token: admin, ["user": ["enabled": false]])
                case "deleted user": try await identity.send("DELETE", "/v3/users/\(user)", token: admin)
                case "password":
                    try await identity.send(
                        "POST", "/v3/users/\(user)/password", token: alice,
                        ["user": ["original_password": "pw", "password": "new"]])
                case "disabled project":
                    try await identity.send(
                        "PATCH", "/v3/projects/\(project)", token: admin, ["project": ["enabled": false]])
                default: try await identity.send("DELETE", "/v3/projects/\(project)", token: admin)
                }
            #expect([200, 204].contains(change.status), "\(change.text)")
            #expect(try await identity.send("HEAD", "/v3/auth/tokens", token: admin, subject: alice).status == 404)
            #expect(try await identity.send("GET", "/v3/users/\(user)", token: alice).status == 401)
            let list = try await identity.core.store.revocations(after: 0)
            #expect(list.sequence == 1)
            #expect(list.revocations.count == 1)
        }
    }

    @Test func catalogResources() async throws {
        try await IdentityFixture.with { identity in
            let admin = try await identity.adminToken()
            let service = try await identity.make("service", ["type": "object-store", "name": "swift"], token: admin)
            let region = try await identity.make("region", ["id": "RegionTwo"], token: admin)
            let endpoint = try await identity.make(
                "endpoint",
                [
                    "service_id": .string(service), "interface": "public", "region_id": .string(region),
                    "url": "http://127.0.0.1:8080/v1/AUTH_$(tenant_id)s",
                ], token: admin)
            #expect(try await identity.send("DELETE", "/v3/regions/\(region)", token: admin).status == 403)
            let list = try await identity.send("GET", "/v3/endpoints?service_id=\(service)", token: admin).json()
            #expect(list["endpoints"]?[0]?["id"]?.stringValue == endpoint)
            #expect(try await identity.send("DELETE", "/v3/services/\(service)", token: admin).status == 204)
            #expect(try await identity.send("GET", "/v3/endpoints/\(endpoint)", token: admin).status == 404)
            #expect(try await identity.send("DELETE", "/v3/regions/\(region)", token: admin).status == 204)
        }
    }
}
