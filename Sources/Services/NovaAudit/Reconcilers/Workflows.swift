import NovaCore
import NovaInterfaces
import NovaModel

extension Reconciler {
    /// Expired leases that nobody took over, and workflows that do not move.
    public static let workflows = Reconciler(
        "workflows", "open workflows, their leases and their servers", needs: [.database]
    ) { picture in
        let waiting = picture.time(ago: picture.ages.settling)
        let hanging = picture.time(ago: picture.ages.workflow)
        let latest = Timestamp(microseconds: picture.at.microseconds.addingReportingOverflow(longestPause).partialValue)
        var first: Set<ServerID> = []
        return picture.workflows.compactMap { workflow -> Drift? in
            // Those behind it wait for it, and rightly so.
            guard first.insert(workflow.serverID).inserted, workflow.state != "owed" else { return nil }
            func drift(_ kind: String, _ explanation: String, isSafe: Bool) -> Drift {
                Drift(
                    kind, workflow.id.description, server: workflow.serverID, explanation,
                    remedy: isSafe
                        ? "Any conductor may take it at once."
                        : "novactl workflow show \(workflow.id) says where it stands; novactl workflow retry makes it due at once.",
                    isSafe: isSafe, isSafe ? .freeWorkflow(workflow.id) : .nothing)
            }
            let lease = workflow.leaseExpiresAt
            if workflow.retryAt > latest {
                return drift(
                    "workflow-asleep", "It is to be tried again only at \(workflow.retryAt.iso8601).", isSafe: true)
            }
            if workflow.retryAt < waiting, let owner = workflow.owner, lease < waiting {
                return drift(
                    "lease-expired", "The lease of \(owner) expired at \(lease.iso8601), and nobody took it over.",
                    isSafe: true)
            }
            if !WorkflowKindName.ofHosts.contains(workflow.kind), case .unknown = picture.standing(workflow.serverID) {
                return drift(
                    "workflow-without-server", "Its server \(workflow.serverID) is not in the database.", isSafe: false)
            }
            guard workflow.updatedAt < hanging else { return nil }
            return drift(
                "workflow-hangs", "It has not moved since \(workflow.updatedAt.iso8601).", isSafe: false)
        }
    }

    /// Longer than any pause between attempts, in microseconds.
    private static let longestPause: Int64 = 3_600_000_000
}
