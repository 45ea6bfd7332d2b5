import NovaCore
import NovaPolicy
import Testing

@Suite("Policy")
struct PolicyTests {
    private let member = PolicyCaller(
        userID: UserID("u"), projectID: ProjectID("p"), roles: ["Member", "reader"], isAdmin: false)
    private let admin = PolicyCaller(userID: UserID("a"), projectID: ProjectID("x"), roles: ["admin"], isAdmin: true)

    private func allows(_ rule: String, _ caller: PolicyCaller, _ target: [String: String] = [:]) throws -> Bool {
        try Policy(rules: ["tested": rule]).allows("tested", caller: caller, target: target)
    }

    @Test("The language")
    func language() throws {
        #expect(try allows("role:member", member))
        #expect(try !allows("role:admin", member))
        #expect(try allows("project_id:%(project_id)s", member, ["project_id": "p"]))
        #expect(try !allows("project_id:%(project_id)s", member, ["project_id": "q"]))
        #expect(try !allows("project_id:%(project_id)s", member))
        #expect(try allows("is_admin:True", admin))
        #expect(try allows("", member))
        #expect(try allows("@", member))
        #expect(try !allows("!", admin))
        #expect(try allows("not role:admin and (role:x or role:reader)", member))
        #expect(try !allows("not (role:member or role:admin)", member))
        #expect(try allows("role:x or role:y or role:reader", member))
        #expect(try allows("rule:project_member_or_admin", member, ["project_id": "p"]))
        #expect(try allows("rule:project_member_or_admin", admin, ["project_id": "p"]))
        #expect(try allows("'p':%(project_id)s", member, ["project_id": "p"]))
    }

    @Test("What is unknown or circular allows nothing")
    func denial() throws {
        #expect(!Policy().allows("nothing", caller: admin))
        #expect(try !allows("rule:nothing", admin))
        #expect(try !allows("not rule:nothing", admin))
        #expect(try !allows("rule:tested", admin))
        let refusal = #expect(throws: NovaError.self) { try Policy().check("x:y", caller: member) }
        #expect(refusal?.message == "Policy doesn't allow x:y to be performed.")
    }

    @Test("Base rules all compile", arguments: Policy.baseRules.keys.sorted())
    func base(_ name: String) { #expect(Policy().names.contains(name)) }

    @Test("Broken rules are refused", arguments: ["role", "(role:a", "role:a)", "and", "role:a or", "a b", "http://x"])
    func broken(_ text: String) {
        #expect(throws: NovaError.self) { try Policy(rules: ["r": text]) }
    }

    @Test("Files override defaults")
    func files() throws {
        let rules = try Policy.parse(
            """
            # comment
            "os_compute_api:servers:show": "role:x or role:y"
            "a:b": "!"
            plain: role:z
            """)
        #expect(rules == ["os_compute_api:servers:show": "role:x or role:y", "a:b": "!", "plain": "role:z"])
        let policy = try Policy(rules: ["a": "!"]).adding(defaults: ["a": "@", "b": "@"])
        #expect(!policy.allows("a", caller: admin))
        #expect(policy.allows("b", caller: admin))
        #expect(throws: NovaError.self) { try Policy.parse("no rule here") }
    }
}
