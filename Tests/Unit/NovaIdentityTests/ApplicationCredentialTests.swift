import NovaCore
import NovaDatabase
import NovaHTTPClient
import NovaSchema
import Testing

@testable import NovaIdentity

/// Application credentials, their access rules, and EC2 keys.
@Suite struct ApplicationCredentialTests {
    private func login(_ id: String, _ secret: String) -> JSONValue {
        [
            "auth": [
                "identity": [
                    "methods": ["application_credential"],
                    "application_credential": ["id": .string(id), "secret": .string(secret)],
                ]
            ]
        ]
    }

    private func create(
        _ body: JSONObject, _ identity: IdentityFixture, _ token: String, _ user: String
    ) async throws -> (id: String, secret: String, body: JSONValue) {
        let answer = try await identity.send(
            "POST", "/v3/users/\(user)/application_credentials", token: token,
            ["application_credential": .object(body)])
        #expect(answer.status == 201, "\(answer.text)")
        let made = try #require(try answer.json()["application_credential"])
        return (
            try #require(made["id"]?.stringValue), try #require(made["secret"]?.stringValue), made
        )
    }

    private func admin(_ identity: IdentityFixture) async throws -> (token: String, id: String) {
        let token = try await identity.adminToken()
        let users = try await identity.send("GET", "/v3/users?name=admin", token: token).json()
        return (token, try #require(users["users"]?[0]?["id"]?.stringValue))
    }

    @Test func aCredentialIsItsProjectAndSomeOfTheRoles() async throws {
        try await IdentityFixture.with { identity in
            let (token, user) = try await admin(identity)
            let made = try await create(
                ["name": "ci", "roles": [["name": "reader"]], "expires_at": "2999-01-01T00:00:00"], identity, token,
                user)
            #expect(made.body["expires_at"] == "2999-01-01T00:00:00.000000")
            let path = "/v3/users/\(user)/application_credentials"
            let shown = try await identity.send("GET", "\(path)/\(made.id)", token: token)
            #expect(try shown.json()["application_credential"]?["secret"] == nil)
            #expect(!shown.text.contains("pbkdf2"))
            let answer = try await identity.send("POST", "/v3/auth/tokens", login(made.id, made.secret))
            #expect(answer.status == 201, "\(answer.text)")
            let body = try #require(try answer.json()["token"])
            #expect(body["project"]?["name"] == "admin")
            #expect(body["roles"]?.arrayValue?.compactMap { $0["name"]?.stringValue } == ["reader"])
            #expect(body["application_credential"]?["restricted"] == true)
            #expect(body["methods"] == ["application_credential"])
            let own = try #require(answer.header("X-Subject-Token"))
            // Neither more credentials nor another scope for whoever found the secret.
            for (verb, path) in [("POST", path), ("DELETE", "\(path)/\(made.id)")] {
                let body: JSONValue? = verb == "POST" ? ["application_credential": ["name": "x"]] : .none
                #expect(try await identity.send(verb, path, token: own, body).status == 403)
            }
            let rescope: JSONValue = [
                "auth": ["identity": ["methods": ["token"], "token": ["id": .string(own)]], "scope": "unscoped"]
            ]
            #expect(try await identity.send("POST", "/v3/auth/tokens", rescope).status == 403)
            #expect(try await identity.send("POST", "/v3/auth/tokens", login(made.id, "wrong")).status == 401)
            let twice = try await identity.send(
                "POST", path, token: token, ["application_credential": ["name": "ci"]])
            #expect(twice.status == 409)
            #expect(try await identity.send("DELETE", "\(path)/\(made.id)", token: token).status == 204)
            #expect(try await identity.send("GET", "/v3/auth/projects", token: own).status == 401)
            #expect(try await identity.send("POST", "/v3/auth/tokens", login(made.id, made.secret)).status == 401)
        }
    }

    @Test func accessRulesLimitRequests() async throws {
        try await IdentityFixture.with { identity in
            let (token, user) = try await admin(identity)
            let rule: JSONValue = ["service": "identity", "method": "GET", "path": "/v3/users/*"]
            let made = try await create(
                ["name": "narrow", "roles": [["name": "admin"]], "access_rules": [rule]], identity, token, user)
            let answer = try await identity.send("POST", "/v3/auth/tokens", login(made.id, made.secret))
            #expect(try answer.json()["token"]?["application_credential"]?["access_rules"] == [rule])
            let own = try #require(answer.header("X-Subject-Token"))
            #expect(try await identity.send("GET", "/v3/users/\(user)", token: own).status == 200)
            #expect(try await identity.send("GET", "/v3/users/\(user)?x=y", token: own).status == 200)
            #expect(try await identity.send("GET", "/v3/users", token: own).status == 401)
            #expect(try await identity.send("DELETE", "/v3/users/\(user)", token: own).status == 401)
            let rules = try await identity.send("GET", "/v3/users/\(user)/access_rules", token: token).json()
            let id = try #require(rules["access_rules"]?[0]?["id"]?.stringValue)
            let path = "/v3/users/\(user)/access_rules/\(id)"
            #expect(try await identity.send("DELETE", path, token: token).status == 403)
            _ = try await identity.send(
                "DELETE", "/v3/users/\(user)/application_credentials/\(made.id)", token: token)
            #expect(try await identity.send("DELETE", path, token: token).status == 204)
            // An empty list allows nothing at all.
            let closed = try await create(["name": "closed", "access_rules": []], identity, token, user)
            let none = try await identity.send("POST", "/v3/auth/tokens", login(closed.id, closed.secret))
            let shut = try #require(none.header("X-Subject-Token"))
            #expect(try await identity.send("GET", "/v3/auth/projects", token: shut).status == 401)
        }
    }

    @Test func ownersOnly() async throws {
        try await IdentityFixture.with { identity in
            let (token, user) = try await admin(identity)
            let project = try await identity.make("project", ["name": "demo"], token: token)
            let alice = try await identity.make("user", ["name": "alice", "password": "pw"], token: token)
            let roles = try await identity.send("GET", "/v3/roles?name=member", token: token).json()
            let role = try #require(roles["roles"]?[0]?["id"]?.stringValue)
            _ = try await identity.send("PUT", "/v3/projects/\(project)/users/\(alice)/roles/\(role)", token: token)
            let login = IdentityFixture.login("alice", "pw", scope: IdentityFixture.project("demo"))
            let own = try #require(
                try await identity.send("POST", "/v3/auth/tokens", login).header("X-Subject-Token"))
            for kind in ["application_credentials", "access_rules", "credentials/OS-EC2", "groups", "projects"] {
                #expect(
                    try await identity.send("GET", "/v3/users/\(user)/\(kind)", token: own).status == 403, "\(kind)")
                #expect(try await identity.send("GET", "/v3/users/\(alice)/\(kind)", token: own).status == 200)
            }
            let body: JSONValue = ["application_credential": ["name": "x"]]
            // Not even an administrator makes one in the name of somebody else.
            #expect(
                try await identity.send("POST", "/v3/users/\(alice)/application_credentials", token: token, body)
                    .status == 403)
            #expect(
                try await identity.send("POST", "/v3/users/\(user)/application_credentials", token: own, body).status
                    == 403)
            let keys = try await identity.send(
                "POST", "/v3/users/\(user)/credentials/OS-EC2", token: token, ["tenant_id": .string(project)])
            let access = try #require(try keys.json()["credential"]?["access"]?.stringValue)
            #expect(
                try await identity.send("GET", "/v3/users/\(user)/credentials/OS-EC2/\(access)", token: own).status
                    == 403)
            #expect(try await identity.send("GET", "/v3/credentials", token: own).json()["credentials"] == [])
            #expect(
                try await identity.send("GET", "/v3/users/\(alice)/credentials/OS-EC2/nothing", token: own).status
                    == 404)
            #expect(
                try await identity.send("GET", "/v3/credentials/\(EC2Blob.id(access: access))", token: own).status
                    == 403)
        }
    }

    @Test func ec2KeysGiveATokenForASignature() async throws {
        try await IdentityFixture.with { identity in
            let (token, user) = try await admin(identity)
            let projects = try await identity.send("GET", "/v3/auth/projects", token: token).json()
            let project = try #require(projects["projects"]?[0]?["id"]?.stringValue)
            let made = try await identity.send(
                "POST", "/v3/users/\(user)/credentials/OS-EC2", token: token, ["tenant_id": .string(project)])
            #expect(made.status == 201)
            let keys = try #require(try made.json()["credential"])
            let (access, secret) = (keys["access"]?.stringValue ?? "", keys["secret"]?.stringValue ?? "")
            let rows = try await identity.core.store.read {
                try $0.rows("SELECT sealed_blob FROM credentials") { try $0.text(0) }
            }
            #expect(rows.count == 1 && !rows.joined().contains(secret))
            // As keystoneclient's Ec2Signer makes it, version 2.
            func body(_ secret: String) -> JSONValue {
                let time = Timestamp.now().iso8601
                let parameters = [
                    "Action": "DescribeInstances", "SignatureVersion": "2", "Timestamp": time,
                    "AWSAccessKeyId": access,
                ]
                var signed = parameters
                signed["SignatureMethod"] = "HmacSHA256"
                let query = signed.sorted { $0.key < $1.key }.map {
                    "\(ListPage.escaped($0.key))=\(ListPage.escaped($0.value))"
                }.joined(separator: "&")
                let code = EC2Vector.sign("GET\nlocalhost\n/\n\(query)", secret)
                return [
                    "credentials": [
                        "access": .string(access), "signature": .string(code), "host": "localhost:8773", "verb": "GET",
                        "path": "/", "params": .object(JSONObject(parameters.map { ($0.key, .string($0.value)) })),
                    ]
                ]
            }
            let answer = try await identity.send("POST", "/v3/ec2tokens", token: token, body(secret))
            #expect(answer.status == 200, "\(answer.text)")
            #expect(try answer.json()["token"]?["project"]?["id"]?.stringValue == project)
            #expect(answer.header("X-Subject-Token") != nil)
            #expect(try await identity.send("POST", "/v3/ec2tokens", token: token, body("x")).status == 401)
            #expect(try await identity.send("POST", "/v3/ec2tokens", body(secret)).status == 401)
        }
    }

    @Test func signatureVersion4() throws {
        // Made with botocore's SigV4Auth for GET https://example.org/?Action=x, key AKIDEXAMPLE.
        let request = try EC2SignedRequest(EC2Vector.version4)
        let time = try #require(Timestamp(iso8601: "2015-08-30T12:36:00Z"))
        try request.check(secret: Secret(EC2Vector.secret), lifetime: 900, now: time.adding(seconds: 60))
        #expect(throws: NovaError.self) {
            try request.check(secret: Secret(EC2Vector.secret), lifetime: 900, now: time.adding(seconds: 1000))
        }
        #expect(throws: NovaError.self) { try request.check(secret: Secret("other"), lifetime: 900, now: time) }
    }
}
