extension MethodStatus {
    /// Puts the rows of several brokers together, in the order of interfaces and methods.
    public static func merged(_ rows: [MethodStatus]) -> [MethodStatus] {
        var all: [Key: MethodStatus] = [:]
        for row in rows {
            let key = Key(interface: row.interface, method: row.method)
            var sum = all[key] ?? MethodStatus()
            sum.interface = row.interface
            sum.method = row.method
            for index in sum.waiting.indices {
                if row.waiting.indices.contains(index) { sum.waiting[index] += row.waiting[index] }
                if row.service.indices.contains(index) { sum.service[index] += row.service[index] }
            }
            sum.waitingSum += row.waitingSum
            sum.serviceSum += row.serviceSum
            all[key] = sum
        }
        return all.values.sorted { ($0.interface, $0.method) < ($1.interface, $1.method) }
    }

    private struct Key: Hashable {
        let interface: String
        let method: Int64
    }

    /// The upper bound of the bucket by which a share of the messages is reached, in milliseconds.
    ///
    /// Nil when there are no messages, `Int64.max` when it lies above the last bound.
    public static func quantile(_ share: Double, of buckets: [Int64]) -> Int64? {
        let total = buckets.reduce(0, +)
        guard total > 0 else { return nil }
        var below: Int64 = 0
        for (index, count) in buckets.enumerated() {
            below += count
            if Double(below) >= share * Double(total) { return index < bounds.count ? bounds[index] : .max }
        }
        return .max
    }
}
