import Synchronization

/// One holder per key at a time: the lock of an instance, an image, a file.
public final class KeyedGate<Key: Hashable & Sendable>: Sendable {
    private struct Entry {
        var gate: AsyncGate
        var users: Int
    }
    private let entries = Mutex<[Key: Entry]>([:])

    public init() {}

    /// Runs a body while no other holds the same key; first come first served.
    public func with<T: Sendable>(_ key: Key, _ body: @Sendable () async throws -> T) async throws -> T {
        let gate = entries.withLock { entries in
            var entry = entries[key] ?? Entry(gate: AsyncGate(limit: 1), users: 0)
            entry.users += 1
            entries[key] = entry
            return entry.gate
        }
        defer {
            entries.withLock { entries in
                guard var entry = entries[key] else { return }
                entry.users -= 1
                entries[key] = entry.users == 0 ? nil : entry
            }
        }
        return try await gate.with(body)
    }
}
