import NovaCore
import NovaModel
import NovaProcess
import NovaWire
import Synchronization

/// Keeps each server's fence log in a small file, outside the instance's folder: it must outlive the instance, so
/// that a build that comes late does not bring a deleted server back.
///
/// One call per server at a time: the caller holds the instance's gate.
final class FenceStore: Sendable {
    /// How long a removed server is remembered: longer than any build may be on its way.
    static let tombstoneSeconds: Int64 = 900

    private let folder: String
    private let isDurable: Bool
    private let threads: WorkerThreads
    private let logs = Mutex<[ServerID: FenceLog]>([:])

    init(folder: String, durable: Bool, threads: WorkerThreads) throws {
        self.folder = folder
        isDurable = durable
        self.threads = threads
        try HostFiles.makeFolder(folder)
    }

    /// Decides about a step; see ``FenceLog/admit(_:method:destroys:)``.
    func admit(_ id: ServerID, _ fence: Fence, method: String, destroys: Bool = false) async throws -> [UInt8]? {
        var log = try await load(id)
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
        var log = try await load(id)
        log.note(FenceEntry(fence, method, outcome: outcome))
        log.destroyedAt = destroyed ? .now() : nil
        if destroyed { log.removalAcceptedAt = fence.acceptedAt }
        try await save(id, log)
    }

    /// Whether a step is of an older epoch, as far as is known without reading files.
    func isKnownStale(_ id: ServerID, _ fence: Fence) -> Bool {
        guard let log = logs.withLock({ $0[id] }) else { return false }
        return log.entries.contains { $0.fence.workflow == fence.workflow && $0.fence.epoch > fence.epoch }
    }

    /// Forgets servers that were removed long ago.
    func sweep() async throws {
        let limit = Timestamp.now().adding(seconds: -Self.tombstoneSeconds)
        try await blocking { [self] in
            for name in HostFiles.names(in: folder) {
                guard let id = ServerID(name) else { continue }
                let log = try logs.withLock { $0[id] } ?? read(id)
                guard let destroyedAt = log.destroyedAt, destroyedAt < limit else { continue }
                HostFiles.remove("\(folder)/\(name)")
            }
            logs.withLock { logs in
                logs = logs.filter { $0.value.destroyedAt.map { $0 >= limit } ?? true }
            }
        }
    }

    private func load(_ id: ServerID) async throws -> FenceLog {
        if let log = logs.withLock({ $0[id] }) { return log }
        let log = try await blocking { [self] in try read(id) }
        logs.withLock { $0[id] = log }
        return log
    }

    private func save(_ id: ServerID, _ log: FenceLog) async throws {
        try await blocking { [self] in
            try HostFiles.write(log.encoded(), to: "\(folder)/\(id)", durable: isDurable)
        }
        logs.withLock { $0[id] = log }
    }

    private func read(_ id: ServerID) throws -> FenceLog {
        guard let bytes = try HostFiles.read("\(folder)/\(id)") else { return FenceLog() }
        return try FenceLog(decoding: bytes)
    }

    /// Small writes into the page cache take microseconds and need no thread; a sync does.
    private func blocking<T: Sendable>(_ body: @escaping @Sendable () throws -> T) async throws -> T {
        isDurable ? try await threads.run(body) : try body()
    }
}
