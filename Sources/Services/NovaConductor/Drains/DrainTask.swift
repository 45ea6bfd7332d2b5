import Logging
import NovaCore
import NovaDatabase
import NovaFaults
import NovaModel
import NovaStore

/// Goes on with the drains of hosts: begins moves, sees how they end, and begins the next.
///
/// All that is known of a drain stands in the database, and each look at it changes it in one transaction or not at all.
/// So any conductor goes on where another has died; the lease only keeps two of them from doing the same work.
struct DrainTask: Sendable {
    static let lease = "drains"
    /// Between two looks while moves begin and end, and while those under way take their time.
    private static let ticks = (busy: Duration.milliseconds(20), patient: Duration.milliseconds(200))
    /// How long after the last change the looks stay frequent.
    private static let patience = Duration.seconds(1)
    private static let leaseTime = Duration.seconds(3)

    let parts: ConductorParts
    /// The most moves of a drain that are under way.
    let maximum: Int
    /// Between two looks while there is none, or another conductor does it.
    let scan: Duration
    let offer: @Sendable (WorkflowID) -> Void
    let log: Logger

    func run() async {
        // Of this run alone: what a conductor that starts again must not take for its own.
        let owner = "\(WorkflowID.random())"
        var images = DrainImages()
        var pause = scan
        var changed = SteadyClock.now
        while !Task.isCancelled {
            do {
                try await SteadyClock.sleep(for: pause)
                switch try await advance(owner, &images) {
                case .idle: pause = scan
                case .waiting: pause = SteadyClock.now - changed < Self.patience ? Self.ticks.busy : Self.ticks.patient
                case .changed:
                    pause = Self.ticks.busy
                    changed = SteadyClock.now
                }
            } catch is CancellationError {
                return
            } catch {
                pause = scan
                log.error("drains did not go on", metadata: ["error": "\(NovaError(error))"])
            }
        }
    }

    /// What came of a look.
    enum Look {
        /// There is nothing to be done, or not by this conductor.
        case idle
        case waiting
        case changed
    }

    /// One look at all drains.
    func advance(_ owner: String, _ images: inout DrainImages) async throws -> Look {
        let looks = try await parts.database.read { [maximum] connection in
            try DrainTable(connection).active().map { drain in
                (drain, try DrainTurn(drain, maximum: maximum, connection).changes())
            }
        }
        guard !looks.isEmpty else {
            images = DrainImages()
            return .idle
        }
        guard looks.contains(where: { !$0.1.isEmpty }) else { return .waiting }
        var knowsImages = true
        for (drain, changes) in looks where await !learn(changes, drain, &images) { knowsImages = false }
        try await Faults.point("drain.write.before")
        let begun = try await parts.database.write { [maximum, images] connection -> [WorkflowID]? in
            let now = try connection.now()
            guard
                try TaskLeaseTable(connection).take(
                    Self.lease, owner: owner, until: now.adding(Self.leaseTime), at: now)
            else { return nil }
            return try DrainTable(connection).active().flatMap { drain in
                let turn = try DrainTurn(drain, maximum: maximum, connection)
                return try turn.apply(turn.changes(), images)
            }
        }
        try await Faults.point("drain.write.after")
        for id in begun ?? [] { offer(id) }
        return begun != nil && knowsImages ? .changed : .idle
    }

    /// Moves whose images are not known do not begin; the others need not wait for them.
    ///
    /// - Returns: false when the image service does not answer.
    private func learn(_ changes: [DrainTurn.Change], _ drain: DrainRecord, _ images: inout DrainImages) async -> Bool {
        let servers = changes.compactMap { change -> ServerRecord? in
            if case .begin(_, let server, _) = change { server } else { nil }
        }
        do {
            try await images.learn(servers, parts, drain.context.requestContext)
            return true
        } catch {
            log.warning(
                "the images of servers to be moved are not known",
                metadata: ["host": "\(drain.host)", "error": "\(NovaError(error))"])
            return false
        }
    }
}
