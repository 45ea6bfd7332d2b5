public import NovaCore
public import NovaModel

/// Turns what one look shows into what counts: a drift is a suspicion first, and a finding when a later look, after the
/// settling time, shows it again.
public struct Settling: Sendable {
    /// What is to be remembered, in the order of the drifts.
    public private(set) var kept: [(finding: Finding, drift: Drift)] = []
    /// What was remembered and is there no more.
    public private(set) var gone: [Finding] = []

    /// - Parameters:
    ///   - drifts: what a reconciler saw now.
    ///   - known: what it remembers, healed findings too.
    public init(_ drifts: [Drift], of reconciler: String, known: [Finding], at now: Timestamp, settling: Duration) {
        struct Key: Hashable {
            var kind: String
            var object: String
            var host: String
        }
        let remembered = Dictionary(
            known.filter { $0.healedAt == nil }.map { (Key(kind: $0.kind, object: $0.object, host: $0.host), $0) }
        ) { first, _ in first }
        let wait = settling.components.seconds * 1_000_000
        var seen: Set<Key> = []
        for drift in drifts {
            let key = Key(kind: drift.kind, object: drift.object, host: drift.host)
            guard seen.insert(key).inserted else { continue }
            var finding = remembered[key] ?? Self.suspicion(drift, reconciler, now)
            finding.explanation = drift.explanation
            finding.remedy = drift.remedy
            finding.isSafe = drift.isSafe
            finding.lastSeen = now
            let age = now.microseconds.subtractingReportingOverflow(finding.firstSeen.microseconds).partialValue
            if remembered[key] != nil, age >= wait { finding.isConfirmed = true }
            kept.append((finding, drift))
        }
        gone = remembered.filter { !seen.contains($0.key) }.map(\.value)
    }

    private static func suspicion(_ drift: Drift, _ reconciler: String, _ now: Timestamp) -> Finding {
        var finding = Finding()
        finding.kind = drift.kind
        finding.object = drift.object
        finding.host = drift.host
        finding.reconciler = reconciler
        finding.serverID = drift.serverID ?? .none
        finding.firstSeen = now
        return finding
    }
}
