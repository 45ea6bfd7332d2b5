/// A bounded map that forgets what was used longest ago.
struct RecentCache<Key: Hashable & Sendable, Value: Sendable>: Sendable {
    private struct Node {
        var key: Key
        var value: Value
        var newer: Int
        var older: Int
    }
    private static var none: Int { -1 }

    private let capacity: Int
    private var nodes: [Node] = []
    private var positions: [Key: Int] = [:]
    private var newest = -1
    private var oldest = -1

    init(capacity: Int) { self.capacity = max(1, capacity) }

    var count: Int { nodes.count }

    /// The value of a key, which becomes the most recently used.
    mutating func value(for key: Key) -> Value? {
        guard let position = positions[key] else { return nil }
        moveToFront(position)
        return nodes[position].value
    }

    /// Keeps a value; when the cache is full the value used longest ago goes.
    mutating func insert(_ value: Value, for key: Key) {
        if let position = positions[key] {
            nodes[position].value = value
            moveToFront(position)
        } else if nodes.count < capacity {
            nodes.append(Node(key: key, value: value, newer: Self.none, older: Self.none))
            positions[key] = nodes.count - 1
            link(nodes.count - 1)
        } else {
            let position = oldest
            unlink(position)
            positions[nodes[position].key] = nil
            nodes[position] = Node(key: key, value: value, newer: Self.none, older: Self.none)
            positions[key] = position
            link(position)
        }
    }

    mutating func removeAll() {
        nodes = []
        positions = [:]
        newest = Self.none
        oldest = Self.none
    }

    private mutating func moveToFront(_ position: Int) {
        guard position != newest else { return }
        unlink(position)
        link(position)
    }

    private mutating func link(_ position: Int) {
        nodes[position].newer = Self.none
        nodes[position].older = newest
        if newest >= 0 { nodes[newest].newer = position }
        newest = position
        if oldest < 0 { oldest = position }
    }

    private mutating func unlink(_ position: Int) {
        let (newer, older) = (nodes[position].newer, nodes[position].older)
        if newer >= 0 { nodes[newer].older = older } else { newest = older }
        if older >= 0 { nodes[older].newer = newer } else { oldest = newer }
    }
}
