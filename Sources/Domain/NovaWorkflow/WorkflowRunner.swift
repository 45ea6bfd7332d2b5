public import Logging
public import NovaCore
public import NovaDatabase
import NovaStore
public import NovaWire
import Synchronization

/// Runs the workflows of one conductor: takes them by lease, drives them, finds the ones that others left.
///
/// Messages only wake it up; what there is to do stands in the database.
public final class WorkflowRunner: Sendable {
    /// How long others wait for a conductor that says nothing.
    static let leaseDuration: Int64 = 10
    static let leaseRenewal = Duration.seconds(3)
    static let scanPeriod = Duration.milliseconds(500)

    private let database: Database
    private let owner: String
    private let slots: Int
    private let log: Logger
    private let wakeUp = WakeUp()
    private let kinds = Mutex<[String: @Sendable (WorkflowRecord) async throws -> Void]>([:])
    private let offered = Mutex<Set<WorkflowID>>([])
    private let running = Mutex(0)

    /// - Parameters:
    ///   - owner: what names this process among all conductors, ever.
    ///   - slots: how many workflows run at once.
    public init(database: Database, owner: String, slots: Int, log: Logger) {
        self.database = database
        self.owner = owner
        self.slots = slots
        self.log = log
    }

    /// Makes a kind of workflow known; before ``run()``.
    public func register<State: Record>(_ workflow: Workflow<State>) {
        let execution = WorkflowExecution(workflow: workflow, database: database, log: log)
        kinds.withLock { $0[workflow.kind] = { try await execution.run($0) } }
    }

    /// A workflow waits: take it soon.
    public func offer(_ id: WorkflowID) {
        _ = offered.withLock { $0.insert(id) }
        wakeUp.signal()
    }

    /// Takes and drives workflows until cancelled; then gives its leases back.
    public func run() async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await self.renewLeases() }
            group.addTask { try await self.takeWorkflows() }
            defer { group.cancelAll() }
            do {
                for try await _ in group {}
            } catch is CancellationError {
                log.debug("the workflow runner stops")
            }
        }
        // This task is cancelled by now, and a cancelled task writes nothing: a fresh one gives the leases back.
        try await Task { [database, owner] in
            try await database.write { try WorkflowTable($0).releaseLeases(of: owner) }
        }.value
    }

    private func renewLeases() async throws {
        while true {
            try await Task.sleep(for: Self.leaseRenewal)
            let owner = owner
            do {
                try await database.write {
                    try WorkflowTable($0).extendLeases(
                        of: owner, until: Timestamp.now().adding(seconds: Self.leaseDuration))
                }
            } catch {
                log.error("leases could not be renewed: \(error)")
            }
        }
    }

    private func takeWorkflows() async throws {
        try await withThrowingDiscardingTaskGroup { group in
            var lastScan = ContinuousClock.now - Self.scanPeriod
            while true {
                try Task.checkCancellation()
                let free = slots - running.withLock { $0 }
                if free > 0 {
                    var wanted = takeOffers(atMost: free)
                    if wanted.count < free, ContinuousClock.now - lastScan >= Self.scanPeriod {
                        lastScan = .now
                        wanted += await scan(atMost: free - wanted.count)
                    }
                    for record in await lease(wanted) {
                        running.withLock { $0 += 1 }
                        group.addTask {
                            await self.drive(record)
                            self.running.withLock { $0 -= 1 }
                            self.wakeUp.signal()
                        }
                    }
                }
                await wakeUp.wait(atMost: Self.scanPeriod)
            }
        }
    }

    private func takeOffers(atMost limit: Int) -> [WorkflowID] {
        offered.withLock { offered in
            let taken = Array(offered.prefix(limit))
            offered.subtract(taken)
            return taken
        }
    }

    private func scan(atMost limit: Int) async -> [WorkflowID] {
        do {
            return try await database.read { try WorkflowTable($0).takeable(at: .now(), limit: limit) }
        } catch {
            log.error("the database could not be asked for work: \(error)")
            return []
        }
    }

    private func lease(_ ids: [WorkflowID]) async -> [WorkflowRecord] {
        guard !ids.isEmpty else { return [] }
        let owner = owner
        do {
            return try await database.write { connection in
                let now = Timestamp.now()
                let table = WorkflowTable(connection)
                return try ids.compactMap {
                    try table.lease($0, owner: owner, until: now.adding(seconds: Self.leaseDuration), at: now)
                }
            }
        } catch {
            log.error("workflows could not be taken: \(error)")
            return []
        }
    }

    private func drive(_ record: WorkflowRecord) async {
        guard let execute = kinds.withLock({ $0[record.kind] }) else {
            log.error("workflow \(record.id) is of a kind that this conductor does not know: \(record.kind)")
            return
        }
        do {
            try await RequestContext.$current.withValue(record.context.requestContext) { try await execute(record) }
        } catch is CancellationError {
            log.debug("workflow \(record.id) is left for later")
        } catch let error as NovaError where error.code == .stale {
            log.warning("workflow \(record.id) was taken over: \(error)")
        } catch {
            // The database failed between two steps: the journal knows how far it came.
            log.error("workflow \(record.id) stopped and will be taken again: \(error)")
            await giveBack(record)
        }
    }

    private func giveBack(_ record: WorkflowRecord) async {
        do {
            try await database.write {
                try WorkflowTable($0).release(record.id, epoch: record.epoch, until: Timestamp.now().adding(seconds: 2))
            }
        } catch {
            log.error("workflow \(record.id) could not be given back; its lease will expire: \(error)")
        }
    }
}
