import NovaSchema
import Testing

@testable import novactl

@Suite("What novactl tells of a host's moves")
struct HostMovesViewTests {
    private let drain: JSONValue = [
        "kind": "drain", "state": "running", "seconds": .number(10), "total": .integer(50), "blocked": .integer(2),
        "waiting": .integer(20), "moving": .integer(4), "moved": .integer(23), "failed": .integer(1),
        "gone": .integer(0),
        "moves": .array([
            [
                "server_name": "web", "server_id": "1", "state": "blocked", "way": .null, "from": "h1", "to": .null,
                "reason": "It is suspended.",
            ],
            [
                "server_name": "db", "server_id": "2", "state": "waiting", "way": "live", "from": "h1", "to": "h2",
                "reason": "",
            ],
            [
                "server_name": "old", "server_id": "3", "state": "moved", "way": "live", "from": "h1", "to": "h2",
                "reason": "",
            ],
        ]),
    ]

    @Test("progress: how many, the share of what can be moved, and what is left at this pace")
    func progress() {
        #expect(
            HostMovesView.progress(drain)
                == "23 of 48 moved (50 %), 1 failed, 2 cannot be moved, 4 under way, about 10 s left")
        #expect(HostMovesView.progress(["state": "running"]) == "0 of 0 moved (100 %), just begun")
        let done: JSONValue = ["state": "done", "total": .integer(2), "moved": .integer(2), "seconds": .number(200)]
        #expect(HostMovesView.progress(done) == "2 of 2 moved (100 %), done after 4 min")
        #expect(
            HostMovesView.progress(["state": "stopping", "total": .integer(3), "moved": .integer(1)])
                == "1 of 3 moved (33 %), stopping")
    }

    @Test("durations are rounded up")
    func durations() {
        #expect(HostMovesView.duration(0.2) == "1 s")
        #expect(HostMovesView.duration(119) == "119 s")
        #expect(HostMovesView.duration(121) == "3 min")
        #expect(HostMovesView.duration(3 * 3600 + 61) == "3 h 2 min")
        #expect(HostMovesView.duration(-5) == "0 s")
    }

    @Test("the plan has a row for each server, and the end only those that were not moved")
    func tables() {
        let plan = HostMovesView.plan(drain)
        #expect(plan.contains("web") && plan.contains("It is suspended."))
        #expect(plan.hasSuffix("20 server(s) to be moved, 2 cannot be moved as they are."))
        let result = HostMovesView.result(drain)
        #expect(result.contains("web") && result.contains("db") && !result.contains("old"))
        #expect(HostMovesView.plan(["kind": "drain"]) == "There are no servers to be moved.")
        #expect(HostMovesView.result(["moves": .array([])]) == "All of them were moved.")
    }

    @Test("a host's maintenance in a list")
    func maintenance() {
        #expect(HostRow.maintenance([:], drain) == "draining: 23 of 48 moved")
        #expect(HostRow.maintenance(["disabled_reason": "maintenance: drained"], nil) == "drained")
        #expect(HostRow.maintenance(["disabled_reason": "bad fan"], nil) == nil)
    }
}
