import NovaCore
import Synchronization

/// Which instances something is being done to right now, and which ports were just plugged.
///
/// An event about a busy instance is not reported: the action's own answer says more. It is looked at again when the
/// action ends.
final class InstanceActivity: Sendable {
    private struct Entry {
        var count = 0
        var hasEvent = false
        var cancelBuild: (@Sendable () -> Void)?
    }
    private let entries = Mutex<[ServerID: Entry]>([:])
    private let continuation: AsyncStream<ServerID>.Continuation
    /// Instances that had events while they were busy, for one consumer.
    let rechecks: AsyncStream<ServerID>

    init() { (rechecks, continuation) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(10_000)) }

    func begin(_ id: ServerID) { entries.withLock { $0[id, default: Entry()].count += 1 } }

    func end(_ id: ServerID) {
        let recheck = entries.withLock { entries -> Bool in
            guard var entry = entries[id] else { return false }
            entry.count -= 1
            entries[id] = entry.count > 0 ? entry : nil
            return entry.count <= 0 && entry.hasEvent
        }
        if recheck { continuation.yield(id) }
    }

    /// All instances that something is being done to.
    var busy: Set<ServerID> { entries.withLock { Set($0.keys) } }

    func isBusy(_ id: ServerID) -> Bool { entries.withLock { $0[id] != nil } }

    /// Notes an event; true when the instance is busy, and the event is for later.
    func defers(_ id: ServerID) -> Bool {
        entries.withLock { entries in
            guard entries[id] != nil else { return false }
            entries[id]?.hasEvent = true
            return true
        }
    }

    /// Runs a build so that ``cancelBuild(_:)`` can end it.
    func building<T: Sendable>(_ id: ServerID, _ body: @escaping @Sendable () async throws -> T) async throws -> T {
        // Not a child task: a removal that comes over another message must be able to cancel it.
        let task = Task { try await body() }
        entries.withLock { $0[id]?.cancelBuild = { task.cancel() } }
        defer { entries.withLock { $0[id]?.cancelBuild = nil } }
        return try await withTaskCancellationHandler {
            try await task.value
        } onCancel: {
            task.cancel()
        }
    }

    /// Ends a build that runs; it cleans up after itself before it lets the instance go.
    func cancelBuild(_ id: ServerID) { entries.withLock { $0[id]?.cancelBuild }?() }

    func finish() { continuation.finish() }
}
