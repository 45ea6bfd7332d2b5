import NovaCore
import NovaModel
import NovaWire

/// What is remembered of the steps that came for one server.
struct FenceLog: Record, Equatable {
    /// The workflows that acted on the server, the newest last, at most ``limit``.
    var entries: [FenceEntry] = []
    /// When the server was removed from the host; nil while it may live here.
    var destroyedAt: Timestamp?
    /// When the workflow was accepted that removed it.
    var removalAcceptedAt = Timestamp(microseconds: 0)

    static let limit = 8

    init() {}

    mutating func fields<V: FieldVisitor>(_ visitor: inout V) {
        visitor.visit("entries", &entries)
        visitor.visit("destroyed_at", &destroyedAt)
        visitor.visit("removal_accepted_at", &removalAcceptedAt)
    }

    /// What to do with a step: nil to run it, bytes to answer them again.
    ///
    /// - Throws: ``NovaError`` `stale` for a step of an older epoch, and for one that was overtaken by the removal of
    ///   the server.
    func admit(_ fence: Fence, method: String, destroys: Bool = false) throws -> [UInt8]? {
        let entry = entries.last { $0.fence.workflow == fence.workflow }
        if let entry {
            guard fence.epoch >= entry.fence.epoch else {
                throw stale("epoch \(fence.epoch) of workflow \(fence.workflow) is older than \(entry.fence.epoch)")
            }
        }
        // What arrives after the removal must not bring the server back, nor say that it runs; but a later workflow may
        // have it come back here.
        if destroyedAt != nil, !destroys, !isAfterRemoval(fence) {
            guard let entry, fence.epoch > entry.fence.epoch else {
                throw stale("the server was removed from this host after the \(method) was asked for")
            }
            return nil
        }
        if let entry, entry.isDone, entry.fence.step == fence.step, entry.method == method {
            return entry.outcome.bytes
        }
        return nil
    }

    private func isAfterRemoval(_ fence: Fence) -> Bool {
        removalAcceptedAt.microseconds > 0 && fence.acceptedAt > removalAcceptedAt
    }

    /// Notes a step, in place of the workflow's former one.
    mutating func note(_ entry: FenceEntry) {
        entries.removeAll { $0.fence.workflow == entry.fence.workflow }
        entries.append(entry)
        if entries.count > Self.limit { entries.removeFirst(entries.count - Self.limit) }
    }

    private func stale(_ cause: String) -> NovaError {
        NovaError(.stale, "The request was overtaken by a newer one.", details: cause)
    }
}

/// The last step of one workflow.
struct FenceEntry: Record, Equatable {
    var fence = Fence()
    var method = ""
    var isDone = false
    /// The wire form of the answer.
    var outcome = Blob()

    init() {}
    init(_ fence: Fence, _ method: String, outcome: [UInt8]?) {
        self.fence = fence
        self.method = method
        isDone = outcome != nil
        self.outcome = Blob(outcome ?? [])
    }

    mutating func fields<V: FieldVisitor>(_ visitor: inout V) {
        visitor.visit("fence", &fence)
        visitor.visit("method", &method)
        visitor.visit("is_done", &isDone)
        visitor.visit("outcome", &outcome)
    }
}
