import NovaCore
public import NovaModel

/// Hosts for many servers at once: what each takes is not there for those after it, and where it goes counts for those of
/// its group.
///
/// Pure, as ``HostSelector`` is; nothing is claimed.
public struct HostPlan: Sendable {
    private let selector: HostSelector
    private var hosts: [HostState]
    private var members: [PlannedMember]

    /// - Parameters:
    ///   - planned: what is to come to hosts beside what they have.
    ///   - members: the hosts to which servers of groups are to come by it.
    public init(
        _ selector: HostSelector, _ hosts: [HostState], after planned: [PlannedLoad] = [],
        _ members: [PlannedMember] = []
    ) {
        self.selector = selector
        self.hosts = hosts
        self.members = members
        for load in planned { take(load.amounts, on: load.providerID) }
    }

    /// The best host for one more server.
    public mutating func place(
        _ request: SchedulingRequest, using generator: inout some RandomNumberGenerator
    ) -> PlannedPlace {
        var request = request
        if let group = request.group, group.id != .none {
            request.group?.memberHosts += members.filter { $0.groupID == group.id }.map(\.host)
        }
        let ranking = selector.rank(request, hosts, using: &generator)
        guard let best = ranking.hosts.first else { return PlannedPlace(refusal: Self.refusal(ranking.explanation)) }
        take(ResourceAmount.of(request.flavor), on: best.providerID)
        if let group = request.group { members.append(PlannedMember(group.id, on: best.selection.host)) }
        return PlannedPlace(best.selection)
    }

    private mutating func take(_ amounts: [ResourceAmount], on provider: ProviderID) {
        guard let place = hosts.firstIndex(where: { $0.providerID == provider }) else { return }
        hosts[place] = hosts[place].taking(amounts)
    }

    /// What each filter has against which hosts; not of the hosts that the request itself excludes.
    private static func refusal(_ explanation: SchedulingExplanation) -> String {
        let reasons = explanation.eliminations.filter { $0.filter != "IgnoredHosts" && $0.hostsAfter < $0.hostsBefore }
            .map { step in
                let hosts = step.removed.sorted { $0.key < $1.key }
                let more = Int64(hosts.count) - 3
                return "\(step.filter): "
                    + hosts.prefix(3).map { "\($0.key) \($0.value)" }.joined(separator: ", ")
                    + (more > 0 ? ", and \(more) more" : "")
            }
        guard !reasons.isEmpty else { return "No other host is there that could take it." }
        return "No host can take it. \(reasons.joined(separator: "; "))."
    }
}

extension HostState {
    /// The host with more of it used.
    func taking(_ amounts: [ResourceAmount]) -> HostState {
        let inventories = inventories.map { inventory in
            var changed = inventory
            for amount in amounts where amount.resourceClass == inventory.resourceClass {
                changed.used = changed.used.addingReportingOverflow(amount.amount).partialValue
            }
            return changed
        }
        return HostState(
            record, inventories: inventories, isAlive: isAlive, ioOperations: ioOperations, failedBuilds: failedBuilds,
            aggregates: aggregates)
    }
}
