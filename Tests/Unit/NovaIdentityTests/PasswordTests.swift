import NovaCore
import NovaDatabase
import NovaHTTPClient
import NovaSchema
import Testing

@testable import NovaIdentity

@Suite struct PasswordTests {
    @Test func formerPasswordsAreRefusedAndNeverShown() async throws {
        try await IdentityFixture.with { identity in
            let admin = try await identity.adminToken()
            let user = try await identity.make("user", ["name": "alice", "password": "one"], token: admin)
            // Without a token: it may have expired with the password.
            func change(_ original: String, _ password: String) async throws -> Int {
                try await identity.send(
                    "POST", "/v3/users/\(user)/password",
                    ["user": ["original_password": .string(original), "password": .string(password)]]
                ).status
            }
            #expect(try await change("wrong", "two") == 401)
            #expect(try await change("one", "one") == 400)
            #expect(try await change("one", "two") == 204)
            #expect(try await change("two", "one") == 400)
            #expect(try await change("two", "three") == 204)
            #expect(try await change("three", "one") == 400)
            #expect(try await change("three", "four") == 204)
            // Three are remembered, the present one among them.
            #expect(try await change("four", "one") == 204)
            let shown = try await identity.send("GET", "/v3/users/\(user)", token: admin).text
            let list = try await identity.send("GET", "/v3/users", token: admin).text
            #expect(!(shown + list).contains("pbkdf2") && !(shown + list).contains("password_hash"))
            let nobody = try await identity.send(
                "POST", "/v3/users/nobody/password", ["user": ["original_password": "x", "password": "y"]])
            #expect(nobody.status == 401)
            // An administrator may set any, and the history is bounded.
            for _ in 0..<8 {
                let reset = try await identity.send(
                    "PATCH", "/v3/users/\(user)", token: admin, ["user": ["password": "one"]])
                #expect(reset.status == 200)
            }
            let kept = try await identity.core.store.read {
                try $0.row("SELECT COUNT(*) FROM former_passwords") { try $0.int(0) }
            }
            #expect(kept == 5)
        }
    }

    @Test func pagesAndAttributes() async throws {
        try await IdentityFixture.with { identity in
            let admin = try await identity.adminToken()
            for number in 0..<4 {
                _ = try await identity.make(
                    "user",
                    [
                        "name": .string("user \(number)"), "colour": "red",
                        "options": ["ignore_lockout_failure_attempts": true],
                    ],
                    token: admin)
            }
            var seen: [String] = []
            var path = "/v3/users?limit=2&name__startswith=user"
            for _ in 0..<3 {
                let page = try await identity.send("GET", path, token: admin).json()
                seen += page["users"]?.arrayValue?.compactMap { $0["name"]?.stringValue } ?? []
                #expect(page["users"]?[0]?["colour"] == "red" || page["users"] == [])
                guard let next = page["links"]?["next"]?.stringValue else { break }
                #expect(page["truncated"] == true)
                path = String(next.dropFirst(identity.url.count))
            }
            #expect(seen.sorted() == ["user 0", "user 1", "user 2", "user 3"])
            #expect(try await identity.send("GET", "/v3/users?limit=x", token: admin).status == 400)
            #expect(try await identity.send("GET", "/v3/users?marker=x", token: admin).status == 404)
            let found = try await identity.send("GET", "/v3/users?name=user%201", token: admin).json()
            #expect(found["users"]?.arrayValue?.count == 1)
            let id = try #require(found["users"]?[0]?["id"]?.stringValue)
            let changed = try await identity.send(
                "PATCH", "/v3/users/\(id)", token: admin,
                ["user": ["colour": "blue", "options": ["ignore_lockout_failure_attempts": nil]]]
            ).json()["user"]
            #expect(changed?["colour"] == "blue" && changed?["options"] == [:])
        }
    }

    @Test func scopesOfAdministrators() async throws {
        try await IdentityFixture.with { identity in
            let admin = try await identity.adminToken()
            let domain = try await identity.make("domain", ["name": "realm"], token: admin)
            let user = try await identity.make(
                "user", ["name": "boss", "password": "pw", "domain_id": .string(domain)], token: admin)
            let roles = try await identity.send("GET", "/v3/roles?name=manager", token: admin).json()
            let manager = try #require(roles["roles"]?[0]?["id"]?.stringValue)
            _ = try await identity.send("PUT", "/v3/domains/\(domain)/users/\(user)/roles/\(manager)", token: admin)
            let login: JSONValue = [
                "auth": [
                    "identity": [
                        "methods": ["password"],
                        "password": ["user": ["id": .string(user), "password": "pw"]],
                    ], "scope": ["domain": ["id": .string(domain)]],
                ]
            ]
            let boss = try #require(
                try await identity.send("POST", "/v3/auth/tokens", login).header("X-Subject-Token"))
            // The manager of a domain rules over it, and sees nothing else.
            let project = try await identity.make("project", ["name": "p", "domain_id": .string(domain)], token: boss)
            let alice = try await identity.make(
                "user", ["name": "alice", "password": "pw", "domain_id": .string(domain)], token: boss)
            let users = try await identity.send("GET", "/v3/users", token: boss).json()["users"]
            #expect(users?.arrayValue?.count == 2)
            #expect(try await identity.send("GET", "/v3/users?domain_id=default", token: boss).status == 403)
            let elsewhere: JSONValue = ["project": ["name": "q", "domain_id": "default"]]
            #expect(try await identity.send("POST", "/v3/projects", token: boss, elsewhere).status == 403)
            let member = try await identity.send("GET", "/v3/roles?name=member", token: admin).json()
            let role = try #require(member["roles"]?[0]?["id"]?.stringValue)
            let grant = "/v3/projects/\(project)/users/\(alice)/roles/"
            #expect(try await identity.send("PUT", grant + role, token: boss).status == 204)
            let top = try await identity.send("GET", "/v3/roles?name=admin", token: admin).json()
            let all = try #require(top["roles"]?[0]?["id"]?.stringValue)
            // Nobody makes administrators but administrators.
            #expect(try await identity.send("PUT", grant + all, token: boss).status == 403)
            #expect(try await identity.send("PUT", "/v3/system/users/\(alice)/roles/\(all)", token: boss).status == 403)
            #expect(try await identity.send("DELETE", "/v3/users/\(alice)", token: boss).status == 204)
        }
    }
}
