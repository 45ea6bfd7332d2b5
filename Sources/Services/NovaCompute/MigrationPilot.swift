import NovaCore
import NovaModel
import VirtDriver

/// When a live migration is ended that does not end by itself.
struct MigrationPolicy: Sendable {
    /// Zero for no bound.
    var timePerGiB: Duration
    /// Whether one that takes too long is forced to its end, and not aborted.
    var completesLate: Bool

    /// How long a guest may take; nil for any time.
    ///
    /// Small ones count as if they were of 2 GiB each, as in Nova.
    func limit(for needs: GuestNeeds) -> Duration? {
        guard timePerGiB > .zero else { return nil }
        func gibibytes(_ bytes: Double) -> Double { max(2, bytes / Double(1 << 30)) }
        let memory = gibibytes(Double(needs.memoryMB) * Double(1 << 20))
        return timePerGiB * needs.disks.reduce(memory) { $0 + gibibytes(Double($1.virtualSize)) }
    }
}

/// Decides what to do with a live migration that is under way, apart from all input and output.
struct MigrationPilot {
    enum Action: Equatable {
        case goOn
        case abort
        case complete
    }

    let policy: MigrationPolicy
    let limit: Duration?
    /// Whether it was forced to its end.
    private(set) var isCompleting = false
    private var canReturn = true

    init(_ policy: MigrationPolicy, limit: Duration?) {
        self.policy = policy
        self.limit = limit
    }

    /// What to do now.
    ///
    /// - Parameter elapsed: since the guest began to move; nil while it waits.
    mutating func next(elapsed: Duration?, wish: MigrationWish?) -> Action {
        guard canReturn else { return .goOn }
        if wish == .abort { return .abort }
        guard let elapsed else { return .goOn }
        let isLate = limit.map { elapsed >= $0 } ?? false
        if !isCompleting, wish == .forceComplete || isLate && policy.completesLate {
            isCompleting = true
            return .complete
        }
        guard isLate, let limit else { return .goOn }
        if !isCompleting { return .abort }
        // A guest that stands still has its memory there soon, or never.
        return elapsed >= limit * 2 ? .abort : .goOn
    }

    /// It is being forced to its end.
    mutating func completes(by way: MigrationCompletion) { canReturn = way != .postCopy }
}
