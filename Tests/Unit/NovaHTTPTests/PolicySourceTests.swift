import Foundation
import NovaCore
@testable import NovaHTTP
import NovaHTTPClient
import NovaPolicy
import NovaSchema
import Testing

@Suite("The policy file of a running service")
struct PolicySourceTests {
    private let admin = PolicyCaller(userID: UserID("a"), projectID: ProjectID("x"), roles: ["admin"], isAdmin: true)
    private let reader = PolicyCaller(userID: UserID("r"), projectID: ProjectID("x"), roles: ["reader"], isAdmin: false)

    private func write(_ text: String, to path: String) throws {
        try text.write(toFile: path, atomically: true, encoding: .utf8)
    }

    @Test("A changed file is taken, a broken one is not")
    func reload() throws {
        let path = "/tmp/nova-policy-\(UUID128.random().hex).yaml"
        defer { unlink(path) }
        let source = try PolicySource(path: path, base: ["own": "role:admin"])
        try source.add(defaults: [PolicyDefault(name: "x:get", check: "role:reader", operations: ["GET /x"])])
        #expect(source.refresh() == .unchanged)
        #expect(source.current.allows("x:get", caller: reader))
        try write("\"x:get\": \"rule:own\"\n", to: path)
        #expect(source.refresh() == .loaded)
        #expect(!source.current.allows("x:get", caller: reader))
        #expect(source.current.allows("x:get", caller: admin))
        try write("\"x:get\": \"role:reader or (\"\n", to: path)
        guard case .refused(let why) = source.refresh() else {
            Issue.record("a broken file was taken")
            return
        }
        #expect(why.contains("x:get"))
        #expect(source.problem == why)
        #expect(source.refresh() == .unchanged)
        #expect(!source.current.allows("x:get", caller: reader))
        #expect(source.rules.first { $0.name == "x:get" }?.check == "rule:own")
        #expect(source.rules.first { $0.name == "x:get" }?.standard == "role:reader")
        #expect(throws: NovaError.self) { try PolicySource(path: path) }
        unlink(path)
        #expect(source.refresh() == .loaded)
        #expect(source.problem == nil)
        #expect(source.current.allows("x:get", caller: reader))
    }

    @Test("JSON and YAML, as oslo.policy's files are written")
    func formats() throws {
        let json = """
            {"a": "role:x", "b": [["role:y", "rule:a"], "@"],
             "c": []}
            """
        #expect(try Policy.parse(json) == ["a": "role:x", "b": "(role:y and rule:a) or @", "c": "@"])
        let yaml = """
            # The file of an operator
            "a:b": "role:x or
              role:y"   # folded
            'c:d': 'it''s:%(x)s'
            e: rule:f
            g: ""
            h: >-
              role:x
              and role:y
            i: "!"
            j: "a # b:c"
            """
        #expect(
            try Policy.parse(yaml) == [
                "a:b": "role:x or role:y", "c:d": "it's:%(x)s", "e": "rule:f", "g": "", "h": "role:x and role:y",
                "i": "!", "j": "a # b:c",
            ])
        for broken in ["{\"a\": 1}", "a: [b]", "a: 'b", "a: b\na: c", "a: \"b\" c", "- a: b", "{"] {
            #expect(throws: NovaError.self, "\(broken)") { try Policy.parse(broken) }
        }
        for empty in ["", "---\n{}\n"] { #expect(try Policy.parse(empty).isEmpty) }
    }

    @Test("The language's comparisons with what a caller has and has not")
    func comparisons() throws {
        func allows(_ rule: String, _ caller: PolicyCaller, _ target: [String: String] = [:]) throws -> Bool {
            try Policy(rules: ["tested": rule]).allows("tested", caller: caller, target: target)
        }
        #expect(try allows("domain_id:None", reader))
        #expect(try !allows("not domain_id:None", reader))
        #expect(try allows("None:%(target.role.domain_id)s", reader, ["target.role.domain_id": "None"]))
        #expect(try !allows("None:%(target.role.domain_id)s", reader, ["target.role.domain_id": "d"]))
        #expect(try !allows("None:%(target.role.domain_id)s", reader))
        #expect(try allows("'member':%(target.role.name)s", reader, ["target.role.name": "member"]))
        #expect(
            try allows(
                "user_id:prefix-%(x)s",
                PolicyCaller(
                    userID: UserID("prefix-1"), projectID: nil, roles: [], isAdmin: false), ["x": "1"]))
        #expect(try !allows("unknown:x", reader, ["x": "x"]))
        #expect(try Policy(rules: ["default": "role:admin"]).allows("nowhere", caller: admin))
        #expect(try !Policy(rules: ["default": "role:admin"]).allows("nowhere", caller: reader))
    }

    @Test("A running server takes a changed file")
    func server() async throws {
        let path = "/tmp/nova-policy-\(UUID128.random().hex).json"
        defer { unlink(path) }
        let operation = Operation(.get, "/x", name: "x:get", policy: "role:reader", summary: "") { _ in .empty(204) }
        let api = API(name: "test", prefix: "", microversions: nil, faults: .nova, operations: [operation])
        let told = AsyncStream<String?>.makeStream()
        let source = try PolicySource(path: path)
        try await TestServer.with([api], policy: source, onPolicy: { told.continuation.yield($0) }) { client in
            #expect(try await client.send("GET", "/x").status == 204)
            var news = told.stream.makeAsyncIterator()
            try self.write("{\"x:get\": \"role:admin\"}", to: path)
            #expect(await news.next() == .some(.none))
            #expect(try await client.send("GET", "/x").status == 403)
            try self.write("{\"x:get\": \"(\"}", to: path)
            #expect(await news.next()??.contains("x:get") == true)
            #expect(try await client.send("GET", "/x").status == 403)
            #expect(try await client.send("GET", "/x", token: "admin").status == 204)
        }
    }

    @Test(
        "Patterns of access rules",
        arguments: [
            ("/v2.1/servers", "/v2.1/servers", true), ("/v2.1/servers", "/v2.1/servers/1", false),
            ("/v2.1/servers/*", "/v2.1/servers/1", true), ("/v2.1/servers/{id}", "/v2.1/servers/1", true),
            ("/v2.1/servers/*", "/v2.1/servers", false), ("/v2.1/**", "/v2.1/servers/1/ips", true),
            ("/**/ips", "/v2.1/servers/1/ips", true), ("/**/ips", "/v2.1/servers/1", false), ("/**", "/", true),
            ("/a/**/b/**/c", "/a/x/b/y/z/c", true), ("/a/**/b/**/c", "/a/x/y/z/c", false),
        ])
    func patterns(pattern: String, path: String, fits: Bool) {
        let rule = AccessRulePattern(service: "compute", method: "get", path: pattern)
        #expect(rule.allows(service: "compute", method: "GET", path: path) == fits)
        #expect(!rule.allows(service: "image", method: "GET", path: path))
        #expect(!rule.allows(service: "compute", method: "POST", path: path))
    }

    @Test("A scope that an API does not take")
    func scopes() async throws {
        let operation = Operation(.get, "/x", name: "x:get", policy: "role:admin", summary: "") { _ in .empty(204) }
        for (scopes, status) in [(Set<API.Scope>([.project]), 204), ([.system], 403)] {
            let api = API(
                name: "test", prefix: "", microversions: nil, faults: .nova, operations: [operation], scopes: scopes)
            try await TestServer.with([api]) { client in
                let answer = try await client.send("GET", "/x", token: "admin")
                #expect(answer.status == status)
            }
        }
    }
}
