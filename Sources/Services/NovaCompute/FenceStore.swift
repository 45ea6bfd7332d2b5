import NovaCore
import NovaModel
import NovaProcess
import NovaWire
import Synchronization

/// Keeps each server's fence log, outside the instance's folder: it must outlive the instance, so that a build that
/// comes late does not bring a deleted server back.
///
/// One call per server at a time: the caller holds the instance's gate.
final class FenceStore: Sendable {
    /// How long a removed server is remembered: longer than any build may be on its way.
    static let tombstoneSeconds: Int64 = 900
    /// How much larger than what counts the file may grow, and its least size to be looked at.
    private static let slack = (factor: 4, bytes: 1 << 20)

    private struct State {
        var journal: FenceJournal
        var logs: [ServerID: FenceLog]
        /// The file's length, and what it was when the file held only what counts.
        var bytes: Int
        var packedBytes = 0
    }

    private let isDurable: Bool
    private let threads: WorkerThreads
    private let state: Mutex<State>

    /// Reads what the host remembers.
    ///
    /// - Throws: ``NovaError`` `internal` when the file in the folder cannot be read or is damaged.
    init(folder: String, durable: Bool, threads: WorkerThreads) throws {
        try HostFiles.makeFolder(folder)
        let path = FenceFiles.path(in: folder)
        isDurable = durable
        self.threads = threads
        let (logs, bytes) = try FenceJournal.read(path)
        state = Mutex(State(journal: try FenceJournal(path: path, bytes: bytes), logs: logs, bytes: bytes))
    }

    /// Decides about a step; see ``FenceLog/admit(_:method:destroys:)``.
    func admit(_ id: ServerID, _ fence: Fence, method: String, destroys: Bool = false) async throws -> [UInt8]? {
        var log = known(id)
        let outcome = try log.admit(fence, method: method, destroys: destroys)
        let known = log.entries.last { $0.fence.workflow == fence.workflow }?.fence.epoch
        if fence.epoch > known ?? 1 {
            // A workflow that changed its owner: the former owner is shut out before anything is done.
            log.note(FenceEntry(fence, method, outcome: outcome))
            try await save(id, log)
        }
        return outcome
    }

    /// Remembers a step's answer; on the disk when this returns, if the store is durable.
    func finish(_ id: ServerID, _ fence: Fence, method: String, outcome: [UInt8], destroyed: Bool) async throws {
        var log = known(id)
        log.note(FenceEntry(fence, method, outcome: outcome))
        log.destroyedAt = destroyed ? .now() : nil
        if destroyed { log.removalAcceptedAt = fence.acceptedAt }
        try await save(id, log)
    }

    /// Whether a step is of an older epoch.
    func isKnownStale(_ id: ServerID, _ fence: Fence) -> Bool {
        known(id).entries.contains { $0.fence.workflow == fence.workflow && $0.fence.epoch > fence.epoch }
    }

    /// Forgets servers that were removed long ago.
    func sweep() {
        let limit = Timestamp.now().adding(seconds: -Self.tombstoneSeconds)
        state.withLock { state in
            state.logs = state.logs.filter { $0.value.destroyedAt.map { $0 >= limit } ?? true }
        }
    }

    private func known(_ id: ServerID) -> FenceLog { state.withLock { $0.logs[id] } ?? FenceLog() }

    /// Small writes into the page cache take microseconds and need no thread; a sync does.
    private func save(_ id: ServerID, _ log: FenceLog) async throws {
        guard isDurable else {
            _ = try append(id, log)
            return
        }
        try await threads.run { [self] in try append(id, log).sync() }
    }

    /// Gives the file that has the change now.
    private func append(_ id: ServerID, _ log: FenceLog) throws -> FenceJournal {
        try state.withLock { state in
            state.bytes = try state.journal.append(FenceChange(id, log), at: state.bytes)
            state.logs[id] = log
            if state.bytes > max(Self.slack.bytes, Self.slack.factor * state.packedBytes) { try pack(&state) }
            return state.journal
        }
    }

    private func pack(_ state: inout State) throws {
        let path = state.journal.path
        let bytes = try FenceJournal.write(state.logs, to: path, durable: isDurable)
        state.journal = try FenceJournal(path: path, bytes: bytes)
        (state.bytes, state.packedBytes) = (bytes, bytes)
    }
}
