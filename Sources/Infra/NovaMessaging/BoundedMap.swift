import DequeModule

/// A dictionary that forgets its oldest entries.
struct BoundedMap<Key: Hashable, Value> {
    private var values: [Key: Value] = [:]
    private var order: Deque<Key> = []
    private let limit: Int

    init(limit: Int) { self.limit = limit }

    subscript(key: Key) -> Value? { values[key] }

    /// Adds an entry, or gives a known one another value; whether it is new.
    @discardableResult
    mutating func insert(_ key: Key, _ value: Value) -> Bool {
        guard values.updateValue(value, forKey: key) == nil else { return false }
        order.append(key)
        if order.count > limit, let oldest = order.popFirst() { values[oldest] = nil }
        return true
    }
}
