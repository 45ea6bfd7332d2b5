import Testing

@testable import NovaFaults

@Suite("Which fault happens")
struct FaultRulesTests {
    private func milliseconds(_ action: FaultAction?) -> Int64? {
        guard case .slow(let time)? = action else { return nil }
        return time.components.attoseconds / 1_000_000_000_000_000
    }

    private func rule(_ point: String, subject: String? = nil, _ milliseconds: Int, times: Int = .max) -> FaultRule {
        FaultRule(point, subject: subject, .slow(.milliseconds(milliseconds)), count: times)
    }

    @Test("The oldest rule that fits, as often as it says, then the next; a star stands for any rest.")
    func order() {
        var rules = FaultRules()
        let first = rules.add(rule("build.*", 1, times: 2))
        _ = rules.add(rule("build.claim", 2, times: 1))
        _ = rules.add(rule("build.claim", subject: "other", 3))
        let last = rules.add(rule("*", 4))
        let taken = (0..<4).map { _ in milliseconds(rules.take("build.claim", "one")) }
        #expect(taken == [1, 1, 2, 4])
        let others = [milliseconds(rules.take("build.claim", "other")), milliseconds(rules.take("delete", "one"))]
        #expect(others == [3, 4])
        #expect(rules.remaining(first) == 0)
        #expect(rules.remaining(last) == .max)
    }

    @Test("What is removed happens no more, and others of its point do.")
    func removal() {
        var rules = FaultRules()
        let first = rules.add(rule("build.*", 1))
        let second = rules.add(rule("build.*", 2))
        let removed = [rules.remove(first), rules.remove(first)]
        #expect(removed == [true, false])
        let left = milliseconds(rules.take("build.claim", "one"))
        #expect(left == 2)
        _ = rules.remove(second)
        let none = rules.take("build.claim", "one")
        #expect(milliseconds(none) == nil)
        #expect(rules.remaining(second) == 0)
    }
}
