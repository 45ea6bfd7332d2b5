import NovaAudit
import NovaCore
import NovaModel
import Testing

@Suite("What counts as a finding")
struct SettlingTests {
    private let drifts: [Drift] = {
        var cloud = Cloud()
        cloud.facts.powerState = .shutdown
        return cloud.drifts
    }()

    private func look(_ drifts: [Drift], _ known: [Finding], after seconds: Int64) -> Settling {
        Settling(
            drifts, of: "power", known: known, at: Cloud.now.adding(seconds: seconds), settling: .seconds(30))
    }

    @Test("seen once is a suspicion, seen again after the settling time is a finding")
    func twice() {
        let first = look(drifts, [], after: 0).kept.map(\.finding)
        #expect(first.map(\.isConfirmed) == [false])
        let soon = look(drifts, first, after: 5).kept.map(\.finding)
        #expect(soon.map(\.isConfirmed) == [false])
        let later = look(drifts, soon, after: 31).kept.map(\.finding)
        #expect(later.map(\.isConfirmed) == [true])
        #expect(later.map(\.firstSeen) == [Cloud.now])
    }

    @Test("what is there no more is forgotten, and begins anew when it comes back")
    func gone() {
        let first = look(drifts, [], after: 0).kept.map(\.finding)
        let second = look([], first, after: 31)
        #expect(second.kept.isEmpty)
        #expect(second.gone == first)
        #expect(look(drifts, [], after: 62).kept.map(\.finding.isConfirmed) == [false])
    }

    @Test("what was healed and comes back is a suspicion again")
    func healed() {
        var finding = look(drifts, [], after: 0).kept[0].finding
        finding.isConfirmed = true
        finding.healedAt = Cloud.now
        let again = look(drifts, [finding], after: 60)
        #expect(again.kept.map(\.finding.isConfirmed) == [false])
        #expect(again.gone.isEmpty)
    }
}
