import NovaCore
import Testing

@testable import novactl

@Suite("Parts of daemons")
struct DaemonPartTests {
    @Test("each line of a part is read, the line that sums up is none")
    func lines() {
        let parts = DaemonPart.parts(
            """
            not ready: 1 of 3 parts
            nova-api/database failed since 2026-11-22T08:00:00.000000Z: no answer: the server is gone
            nova-api/policy degraded since 2026-11-22T08:00:01.000000Z: the changed policy file is not in force
            nova-api ready since 2026-11-22T08:00:02.000000Z

            """)
        #expect(parts.map(\.name) == ["nova-api/database", "nova-api/policy", "nova-api"])
        #expect(parts.map(\.state) == ["failed", "degraded", "ready"])
        #expect(
            parts.compactMap(\.trouble) == [
                "nova-api/database is failed: no answer: the server is gone",
                "nova-api/policy is degraded: the changed policy file is not in force",
            ])
    }

    @Test("what is no answer of a daemon has no parts", arguments: ["", "ready\n", "<html>a b since c</html>"])
    func strangers(text: String) { #expect(DaemonPart.parts(text).isEmpty) }
}
