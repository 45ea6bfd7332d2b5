import NovaCore
import NovaHTTPClient
import NovaSchema
import Testing

@testable import NovaIdentity

/// Projects below projects, groups, inherited and implied roles: who ends up with which roles.
@Suite struct HierarchyTests {
    private func role(_ name: String, _ identity: IdentityFixture, _ admin: String) async throws -> String {
        let found = try await identity.send("GET", "/v3/roles?name=\(name)", token: admin).json()
        return try #require(found["roles"]?[0]?["id"]?.stringValue)
    }

    private func roles(
        of user: String, in project: String, _ identity: IdentityFixture
    ) async throws -> [String]? {
        let answer = try await identity.send(
            "POST", "/v3/auth/tokens",
            IdentityFixture.login(user, "pw", scope: ["project": ["id": .string(project)]]))
        guard answer.status == 201 else { return nil }
        return try answer.json()["token"]?["roles"]?.arrayValue?.compactMap { $0["name"]?.stringValue }
    }

    @Test func rolesComeFromAboveAndThroughGroups() async throws {
        try await IdentityFixture.with { identity in
            let admin = try await identity.adminToken()
            let top = try await identity.make("project", ["name": "top"], token: admin)
            let middle = try await identity.make(
                "project", ["name": "middle", "parent_id": .string(top)], token: admin)
            let leaf = try await identity.make(
                "project", ["name": "leaf", "parent_id": .string(middle)], token: admin)
            let alice = try await identity.make("user", ["name": "alice", "password": "pw"], token: admin)
            let group = try await identity.make("group", ["name": "team"], token: admin)
            let member = try await role("member", identity, admin)
            func put(_ path: String) async throws {
                let answer = try await identity.send("PUT", path, token: admin)
                #expect(answer.status == 204, "\(path): \(answer.text)")
            }
            try await put("/v3/OS-INHERIT/projects/\(top)/groups/\(group)/roles/\(member)/inherited_to_projects")
            #expect(try await roles(of: "alice", in: leaf, identity) == nil)
            try await put("/v3/groups/\(group)/users/\(alice)")
            // Inherited: below the project that it is written for, not in it; a member reads as well.
            #expect(try await roles(of: "alice", in: top, identity) == nil)
            #expect(try await roles(of: "alice", in: middle, identity) == ["member", "reader"])
            #expect(try await roles(of: "alice", in: leaf, identity) == ["member", "reader"])
            let effective = try await identity.send(
                "GET", "/v3/role_assignments?effective&user.id=\(alice)&scope.project.id=\(leaf)&include_names",
                token: admin
            ).json()["role_assignments"]?.arrayValue
            #expect(effective?.count == 2)
            #expect(effective?.allSatisfy { $0["user"]?["name"] == "alice" } == true)
            #expect(
                effective?.first?["links"]?["membership"]?.stringValue?.hasSuffix("/groups/\(group)/users/\(alice)")
                    == true)
            let written = try await identity.send(
                "GET", "/v3/role_assignments?group.id=\(group)&scope.OS-INHERIT:inherited_to=projects", token: admin
            ).json()["role_assignments"]?.arrayValue
            #expect(written?.first?["scope"]?["OS-INHERIT:inherited_to"] == "projects")
            let projects = try await identity.send("GET", "/v3/users/\(alice)/projects", token: admin).json()
            #expect(projects["projects"]?.arrayValue?.count == 2)

            let domain = "/v3/OS-INHERIT/domains/default/users/\(alice)/roles/\(member)/inherited_to_projects"
            try await put(domain)
            #expect(try await roles(of: "alice", in: top, identity) == ["member", "reader"])
            #expect(try await identity.send("DELETE", domain, token: admin).status == 204)
            #expect(try await roles(of: "alice", in: top, identity) == nil)
            #expect(
                try await identity.send("DELETE", "/v3/groups/\(group)/users/\(alice)", token: admin).status == 204)
            #expect(try await roles(of: "alice", in: leaf, identity) == nil)
        }
    }

    @Test func theTreeStaysWhole() async throws {
        try await IdentityFixture.with { identity in
            let admin = try await identity.adminToken()
            var chain = ["default"]
            for level in 1...4 {
                let parent = try #require(chain.last)
                chain.append(
                    try await identity.make(
                        "project", ["name": "level \(level)", "parent_id": .string(parent)], token: admin))
            }
            let deeper = try await identity.send(
                "POST", "/v3/projects", token: admin, ["project": ["name": "x", "parent_id": .string(chain[4])]])
            #expect(deeper.status == 403)
            #expect(try await identity.send("DELETE", "/v3/projects/\(chain[1])", token: admin).status == 403)
            let disabled: JSONValue = ["project": ["enabled": false]]
            #expect(
                try await identity.send("PATCH", "/v3/projects/\(chain[1])", token: admin, disabled).status == 403)
            let shown = try await identity.send(
                "GET", "/v3/projects/\(chain[3])?parents_as_list&subtree_as_ids", token: admin
            ).json()["project"]
            #expect(
                shown?["parents"]?.arrayValue?.compactMap { $0["project"]?["id"]?.stringValue } == [chain[2], chain[1]])
            #expect(shown?["subtree"] == .object([chain[4]: nil]))
            let ids = try await identity.send("GET", "/v3/projects/\(chain[2])?parents_as_ids", token: admin).json()
            #expect(ids["project"]?["parents"] == .object([chain[1]: ["default": nil]]))
            let children = try await identity.send("GET", "/v3/projects?parent_id=\(chain[1])", token: admin).json()
            #expect(children["projects"]?.arrayValue?.count == 1)
            #expect(try await identity.send("DELETE", "/v3/projects/\(chain[4])", token: admin).status == 204)
        }
    }

    @Test func aDomainIsAProjectToo() async throws {
        try await IdentityFixture.with { identity in
            let admin = try await identity.adminToken()
            let id = try await identity.make("project", ["name": "realm", "is_domain": true], token: admin)
            #expect(try await identity.send("GET", "/v3/domains/\(id)", token: admin).status == 200)
            let project = try await identity.send("GET", "/v3/projects/\(id)", token: admin).json()["project"]
            #expect(project?["is_domain"] == true)
            let list = try await identity.send("GET", "/v3/projects?is_domain=True", token: admin).json()["projects"]
            #expect(list?.arrayValue?.contains { $0["id"]?.stringValue == id } == true)
            #expect(try await identity.send("DELETE", "/v3/projects/\(id)", token: admin).status == 403)
            _ = try await identity.send("PATCH", "/v3/projects/\(id)", token: admin, ["project": ["enabled": false]])
            #expect(try await identity.send("DELETE", "/v3/projects/\(id)", token: admin).status == 204)
            #expect(try await identity.send("GET", "/v3/domains/\(id)", token: admin).status == 404)
        }
    }

    @Test func impliedAndDomainRoles() async throws {
        try await IdentityFixture.with { identity in
            let admin = try await identity.adminToken()
            let project = try await identity.make("project", ["name": "demo"], token: admin)
            let user = try await identity.make("user", ["name": "alice", "password": "pw"], token: admin)
            let local = try await identity.make("role", ["name": "ops", "domain_id": "default"], token: admin)
            let global = try await identity.make("role", ["name": "observer"], token: admin)
            let grant = "/v3/projects/\(project)/users/\(user)/roles/\(local)"
            #expect(try await identity.send("PUT", grant, token: admin).status == 204)
            // A domain's role is no role of a token by itself.
            #expect(try await roles(of: "alice", in: project, identity) == nil)
            let rule = "/v3/roles/\(local)/implies/\(global)"
            let made = try await identity.send("PUT", rule, token: admin)
            #expect(made.status == 201)
            #expect(try made.json()["role_inference"]?["implies"]?["name"] == "observer")
            #expect(try await roles(of: "alice", in: project, identity) == ["observer"])
            #expect(
                try await identity.send("PUT", "/v3/roles/\(global)/implies/\(local)", token: admin).status == 403)
            let (reader, member) = (
                try await role("reader", identity, admin), try await role("member", identity, admin)
            )
            #expect(
                try await identity.send("PUT", "/v3/roles/\(reader)/implies/\(member)", token: admin).status == 400)
            let other = try await identity.make("role", ["name": "other"], token: admin)
            #expect(
                try await identity.send("PUT", "/v3/roles/\(other)/implies/\(local)", token: admin).status == 403)
            #expect(try await identity.send("HEAD", rule, token: admin).status == 204)
            #expect(try await identity.send("DELETE", rule, token: admin).status == 204)
            #expect(try await identity.send("GET", rule, token: admin).status == 404)
            #expect(try await roles(of: "alice", in: project, identity) == nil)
            let inferences = try await identity.send("GET", "/v3/role_inferences", token: admin).json()
            #expect(inferences["role_inferences"]?.arrayValue?.count == 3)
            let locals = try await identity.send("GET", "/v3/roles?domain_id=default", token: admin).json()["roles"]
            #expect(locals?.arrayValue?.count == 1)
            // The roles that a cloud starts with cannot be lost by mistake.
            #expect(try await identity.send("DELETE", "/v3/roles/\(member)", token: admin).status == 403)
        }
    }

    @Test func onlyTokensOfThatPlaceEnd() async throws {
        try await IdentityFixture.with { identity in
            let admin = try await identity.adminToken()
            let user = try await identity.make("user", ["name": "alice", "password": "pw"], token: admin)
            let member = try await role("member", identity, admin)
            var tokens: [String] = []
            var grants: [String] = []
            for name in ["one", "two"] {
                let project = try await identity.make("project", ["name": .string(name)], token: admin)
                grants.append("/v3/projects/\(project)/users/\(user)/roles/\(member)")
                _ = try await identity.send("PUT", try #require(grants.last), token: admin)
                let login = IdentityFixture.login("alice", "pw", scope: IdentityFixture.project(name))
                tokens.append(
                    try #require(try await identity.send("POST", "/v3/auth/tokens", login).header("X-Subject-Token")))
            }
            #expect(try await identity.send("DELETE", grants[0], token: admin).status == 204)
            #expect(try await identity.send("GET", "/v3/auth/projects", token: tokens[0]).status == 401)
            #expect(try await identity.send("GET", "/v3/auth/projects", token: tokens[1]).status == 200)
        }
    }
}
