import NovaCore
import NovaStore
import Synchronization

/// The workflows that this process runs now, and until when it may.
final class WorkflowLeases: Sendable {
    struct Lease: Sendable {
        let id: WorkflowID
        let epoch: Int64
    }
    private struct Entry {
        let epoch: Int64
        let isOwed: Bool
        var expires: ContinuousClock.Instant
        var cancel: (@Sendable () -> Void)?
    }
    private let entries = Mutex<[WorkflowID: Entry]>([:])

    var count: Int { entries.withLock { $0.count } }

    /// How many of them are owed cleanups.
    var owedCount: Int { entries.withLock { $0.values.count { $0.isOwed } } }

    /// All that run.
    var all: [Lease] { entries.withLock { $0.map { Lease(id: $0.key, epoch: $0.value.epoch) } } }

    func isHeld(_ id: WorkflowID) -> Bool { entries.withLock { $0[id] != nil } }

    func add(_ record: WorkflowRecord, until expiry: ContinuousClock.Instant) {
        entries.withLock {
            $0[record.id] = Entry(epoch: record.epoch, isOwed: record.state == .owed, expires: expiry)
        }
    }

    /// How to end the run of a workflow.
    func onLoss(of record: WorkflowRecord, _ cancel: @escaping @Sendable () -> Void) {
        entries.withLock { if $0[record.id]?.epoch == record.epoch { $0[record.id]?.cancel = cancel } }
    }

    func remove(_ record: WorkflowRecord) {
        entries.withLock { if $0[record.id]?.epoch == record.epoch { $0[record.id] = nil } }
    }

    /// Notes what the database said of leases, and ends the runs whose lease is lost or too old.
    func renewed(_ kept: [Lease], lost: [Lease], until expiry: ContinuousClock.Instant) {
        let cancels = entries.withLock { entries in
            for lease in kept where entries[lease.id]?.epoch == lease.epoch { entries[lease.id]?.expires = expiry }
            let now = SteadyClock.now
            let lost = Dictionary(lost.map { ($0.id, $0.epoch) }) { max($0, $1) }
            return entries.filter { $0.value.expires <= now || lost[$0.key] == $0.value.epoch }.compactMap(
                \.value.cancel)
        }
        for cancel in cancels { cancel() }
    }
}
