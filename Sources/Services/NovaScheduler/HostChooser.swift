import Logging
import NovaCore
import NovaInterfaces
import NovaModel
import NovaScheduling

/// One decision from request to claim: rank, claim the best, on refusal look again and go on.
struct HostChooser: Sendable {
    /// The most claims tried for one request; each refused host is left out of the next round.
    static let claimLimit = 20

    let directory: HostDirectory
    let cloud: any CloudView
    let selector: HostSelector
    /// How many further hosts an answer names.
    let alternates: Int
    let log: Logger

    /// Finds and claims a host.
    ///
    /// The decision has none when no host passes or all refuse; its explanation says why.
    ///
    /// - Throws: ``NovaError`` when a service does not answer; `conflict` when the server holds a claim on a host that
    ///   the request excludes: whoever retries must release it first.
    func choose(_ request: SchedulingRequest, context: RequestContext, deadline: Deadline) async throws
        -> SchedulingDecision
    {
        let start = SteadyClock.now
        directory.noteFailures(of: request.serverID, on: request.ignoredHosts)
        var generator = SystemRandomNumberGenerator()
        var conflicts: [String] = []
        var isFresh = false
        while true {
            try await directory.refresh()
            var attempt = request
            attempt.ignoredHosts += conflicts
            let ranking = selector.rank(attempt, directory.hosts, using: &generator)
            if ranking.hosts.isEmpty, !isFresh {
                // Nobody is told "no" because of a view that is a second old.
                isFresh = true
                for source in HostDirectory.Source.allCases { directory.expire(source) }
                continue
            }
            var decision = SchedulingDecision()
            decision.explanation = ranking.explanation
            decision.explanation.claimConflicts = conflicts
            guard let best = ranking.hosts.first, conflicts.count < Self.claimLimit, !deadline.hasPassed else {
                // A repeated request may find its host full by its own first claim.
                if let provider = try await heldProvider(request, context) {
                    try answer(provider, request, &decision)
                }
                return finish(decision, since: start)
            }
            let response: PlacementClaim.Response
            do {
                response = try await cloud.claim(claim(request, on: best.providerID), context: context)
            } catch let error as NovaError where error.code == .conflict || error.code == .notFound {
                log.info("a claim was refused", metadata: ["host": "\(best.host)", "why": "\(error.details)"])
                conflicts.append(best.host)
                directory.expire(.placement)
                continue
            }
            directory.update(response.state)
            if response.providerID == best.providerID {
                decision.selected = best.selection
                decision.alternates = ranking.hosts.dropFirst().prefix(alternates).map(\.selection)
            } else {
                try answer(response.providerID, request, &decision)
            }
            return finish(decision, since: start)
        }
    }

    /// Finds hosts for many servers and claims nothing.
    func plan(_ order: PlanHosts) async throws -> PlanHosts.Response {
        for source in HostDirectory.Source.allCases { directory.expire(source) }
        try await directory.refresh()
        var plan = HostPlan(selector, directory.hosts, after: order.planned, order.members)
        var generator = SystemRandomNumberGenerator()
        return PlanHosts.Response(order.requests.map { plan.place($0, using: &generator) })
    }

    private func claim(_ request: SchedulingRequest, on provider: ProviderID) -> PlacementClaim {
        PlacementClaim(
            request.serverID, on: provider, ResourceAmount.of(request.flavor).filter { $0.amount > 0 },
            project: request.projectID, user: request.userID)
    }

    /// The provider of an earlier claim: placement answers with it before it looks at the provider asked for, and
    /// nothing is ever claimed on the provider "none".
    private func heldProvider(_ request: SchedulingRequest, _ context: RequestContext) async throws -> ProviderID? {
        do {
            return try await cloud.claim(claim(request, on: .none), context: context).providerID
        } catch let error as NovaError where error.code == .notFound || error.code == .conflict {
            return nil
        }
    }

    private func answer(
        _ provider: ProviderID, _ request: SchedulingRequest, _ decision: inout SchedulingDecision
    ) throws {
        guard let host = directory.host(of: provider), !request.ignoredHosts.contains(host.host) else {
            throw NovaError(
                .conflict, "The server still holds resources on another host.",
                details: "server \(request.serverID), provider \(provider): release it before another host is asked for"
            )
        }
        decision.selected = host.selection
    }

    private func finish(_ decision: SchedulingDecision, since start: ContinuousClock.Instant) -> SchedulingDecision {
        var decision = decision
        decision.explanation.chosen = decision.selected?.host
        decision.explanation.microseconds = (SteadyClock.now - start).microseconds
        decision.explanation.decidedAt = .now()
        return decision
    }
}
