#if DEBUG
/// The faults that still happen, found by the name of a point: a point that no rule names costs one look.
struct FaultRules: Sendable {
    private var rules: [Int: FaultRule] = [:]
    /// The rules of each point, as they write it, the oldest first.
    private var keys: [String: [Int]] = [:]
    /// The points that stand for several.
    private var wildcards: [String] = []
    private var last = 0

    /// - Returns: the rule's key.
    mutating func add(_ rule: FaultRule) -> Int {
        last += 1
        rules[last] = rule
        keys[rule.point, default: []].append(last)
        if rule.point.last == "*", !wildcards.contains(rule.point) { wildcards.append(rule.point) }
        return last
    }

    /// - Returns: whether the rule was there.
    mutating func remove(_ key: Int) -> Bool {
        guard let rule = rules.removeValue(forKey: key) else { return false }
        let others = keys[rule.point]?.filter { $0 != key } ?? []
        keys[rule.point] = others.isEmpty ? nil : others
        if others.isEmpty { wildcards.removeAll { $0 == rule.point } }
        return true
    }

    /// How often a fault still happens.
    func remaining(_ key: Int) -> Int { rules[key]?.count ?? 0 }

    /// Counts down the oldest rule for a point and a subject, and says what happens there.
    mutating func take(_ name: String, _ subject: String) -> FaultAction? {
        var oldest: Int?
        for point in [name] + wildcards {
            guard let key = keys[point]?.first(where: { rules[$0]?.matches(name, subject) == true }) else { continue }
            oldest = min(oldest ?? key, key)
        }
        guard let oldest, var rule = rules[oldest] else { return nil }
        if rule.count < .max { rule.count -= 1 }
        rules[oldest] = rule
        return rule.action
    }
}
#endif
