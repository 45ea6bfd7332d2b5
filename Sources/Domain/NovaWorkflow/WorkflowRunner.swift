public import Logging
public import NovaCore
public import NovaDatabase
import NovaFaults
import NovaStore
public import NovaWire
import Synchronization

/// Runs the workflows of one conductor: takes them by lease, drives them, finds the ones that others left.
///
/// Messages only wake it up; what there is to do stands in the database.
public final class WorkflowRunner: Sendable {
    /// What the runner does with workflows of one kind.
    private struct Kind: Sendable {
        /// Inside the transaction that takes one; says whether its owner was lost.
        let begin: @Sendable (TakenWorkflow, Bool, Connection) throws -> BegunWorkflow
        let execute: @Sendable (BegunWorkflow) async throws -> Void
    }

    private let database: Database
    private let owner: String
    private let slots: Int
    /// The most owed cleanups at once: those of a host that hangs must leave room for other work.
    private let owedSlots: Int
    private let times: WorkflowTimes
    private let teller: WorkflowTeller
    private let log: Logger
    private let wakeUp = WakeUp()
    private let kinds = Mutex<[String: Kind]>([:])
    private let names = Mutex<[String: [String]]>([:])
    private let offered = Mutex<Set<WorkflowID>>([])
    private let leases = WorkflowLeases()

    /// - Parameters:
    ///   - owner: what names this process among all conductors, ever.
    ///   - slots: how many workflows run at once.
    ///   - listener: hears of the phases of workflows once they are committed; it must not wait.
    public init(
        database: Database, owner: String, slots: Int, times: WorkflowTimes = WorkflowTimes(),
        listener: (@Sendable (WorkflowEvent) -> Void)? = nil, log: Logger
    ) {
        self.database = database
        self.owner = owner
        self.slots = slots
        owedSlots = max(1, slots / 4)
        self.times = times
        teller = WorkflowTeller(listener: listener)
        self.log = log
    }

    /// Makes a kind of workflow known; before ``run()``.
    public func register<State: Record>(_ workflow: Workflow<State>) {
        let execution = WorkflowExecution(
            workflow: workflow, database: database, times: times, teller: teller, log: log)
        let kind = Kind(
            begin: { try execution.begin($0, isLost: $1, $2) }, execute: { try await execution.run($0) })
        kinds.withLock { $0[workflow.kind] = kind }
        names.withLock { $0[workflow.kind] = workflow.steps.map(\.name) }
    }

    /// The steps of each kind that was registered, in order.
    public var steps: [String: [String]] { names.withLock { $0 } }

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
            try await Faults.point("workflow.release")
            try await database.write { try WorkflowTable($0).releaseLeases(of: owner) }
        }.value
    }

    private func renewLeases() async throws {
        while true {
            try await SteadyClock.sleep(for: times.renewal)
            try await Faults.point("workflow.renew")
            let (held, expiry) = (leases.all, SteadyClock.now + times.lease)
            guard !held.isEmpty else { continue }
            do {
                let isKept = try await database.write { [owner, times] connection in
                    let table = WorkflowTable(connection)
                    return try held.map {
                        try table.extendLease($0.id, epoch: $0.epoch, owner: owner, for: times.lease)
                    }
                }
                // What has ended meanwhile is not kept either; to end it once more does nothing.
                let kept = zip(held, isKept).filter(\.1).map(\.0)
                let lost = zip(held, isKept).filter { !$0.1 }.map(\.0)
                leases.renewed(kept, lost: lost, until: expiry)
            } catch is CancellationError {
                throw CancellationError()
            } catch {
                log.error("leases could not be renewed: \(error)")
                leases.renewed([], lost: [], until: expiry)
            }
        }
    }

    private func takeWorkflows() async throws {
        try await withThrowingDiscardingTaskGroup { group in
            var lastScan = SteadyClock.now - times.scan
            while true {
                try Task.checkCancellation()
                try await Faults.point("workflow.take")
                let free = slots - leases.count
                if free > 0 {
                    var wanted = takeOffers(atMost: free)
                    if wanted.count < free, SteadyClock.now - lastScan >= times.scan {
                        lastScan = SteadyClock.now
                        wanted += await scan(atMost: free - wanted.count)
                    }
                    let expiry = SteadyClock.now + times.lease
                    let taken = await lease(wanted)
                    for begun in taken {
                        leases.add(begun.record, until: expiry)
                        group.addTask { await self.hold(begun) }
                    }
                    // Offers that were not for us leave their room to those behind them.
                    if taken.count < wanted.count, hasOffers { continue }
                }
                await wakeUp.wait(atMost: times.scan)
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

    private var hasOffers: Bool { offered.withLock { !$0.isEmpty } }

    private func scan(atMost limit: Int) async -> [WorkflowID] {
        do {
            let owedLimit = owedSlots - leases.owedCount
            return try await database.read { try WorkflowTable($0).takeable(limit: limit, owedLimit: owedLimit) }
        } catch {
            log.error("the database could not be asked for work: \(error)")
            return []
        }
    }

    private func lease(_ ids: [WorkflowID]) async -> [BegunWorkflow] {
        // One whose lease this process has lost may still be ending here.
        let ids = ids.filter { !leases.isHeld($0) }
        guard !ids.isEmpty else { return [] }
        let room = owedSlots - leases.owedCount
        do {
            let begun = try await database.write { [self, kinds = kinds.withLock { $0 }] connection in
                var room = room
                return try ids.compactMap { id in
                    let begun = try take(id, alsoOwed: room > 0, kinds, connection)
                    if begun?.record.state == .owed { room -= 1 }
                    return begun
                }
            }
            for workflow in begun { teller.tell(workflow.events) }
            return begun
        } catch {
            log.error("workflows could not be taken: \(error)")
            guard !NovaError(error).isTransient, !Task.isCancelled else { return [] }
            if ids.count == 1 {
                await write("workflow \(ids[0]) could not be put off") { [times] in
                    try $0.postpone(ids[0], pause: times.pause * 10)
                }
                return []
            }
            // One of them is the reason, and must not keep the others.
            var taken: [BegunWorkflow] = []
            for id in ids { taken += await lease([id]) }
            return taken
        }
    }

    /// Inside a transaction: takes one and begins its step.
    private func take(
        _ id: WorkflowID, alsoOwed: Bool, _ kinds: [String: Kind], _ connection: Connection
    ) throws -> BegunWorkflow? {
        let table = WorkflowTable(connection)
        guard let taken = try table.lease(id, owner: owner, for: times.lease, alsoOwed: alsoOwed) else { return nil }
        guard let kind = kinds[taken.record.kind] else { return BegunWorkflow(record: taken.record) }
        return try kind.begin(taken, taken.lostOwner.map { $0 != owner } ?? false, connection)
    }

    /// Drives a workflow in a task that the loss of its lease ends.
    private func hold(_ begun: BegunWorkflow) async {
        let task = Task { await drive(begun) }
        leases.onLoss(of: begun.record) { task.cancel() }
        await withTaskCancellationHandler {
            await task.value
        } onCancel: {
            task.cancel()
        }
        leases.remove(begun.record)
        wakeUp.signal()
    }

    private func drive(_ begun: BegunWorkflow) async {
        let record = begun.record
        guard let kind = kinds.withLock({ $0[record.kind] }) else {
            // A newer conductor may know it.
            log.error("workflow \(record.id) is of a kind that this conductor does not know: \(record.kind)")
            return await giveBack(record, pause: times.longestOwedPause)
        }
        do {
            try await RequestContext.$current.withValue(record.context.requestContext) {
                try await kind.execute(begun)
            }
        } catch is CancellationError {
            log.debug("workflow \(record.id) is left for later")
        } catch let error as NovaError where error.code == .stale {
            log.warning("workflow \(record.id) was taken over: \(error)")
        } catch {
            // The database failed between two steps: the journal knows how far it came.
            log.error("workflow \(record.id) stopped and will be taken again: \(error)")
            await giveBack(record, pause: times.pause * 10)
        }
    }

    private func giveBack(_ record: WorkflowRecord, pause: Duration) async {
        await write("workflow \(record.id) could not be given back; its lease will expire") {
            try $0.release(record.id, epoch: record.epoch, pause: pause)
        }
    }

    /// A change without which the work goes on, too, only later.
    private func write(
        _ failure: String, _ body: @escaping @Sendable (WorkflowTable) throws -> Void
    ) async {
        do {
            try await Faults.point("workflow.release")
            try await database.write { try body(WorkflowTable($0)) }
        } catch {
            log.error("\(failure): \(error)")
        }
    }
}
