import NovaCore
import NovaInterfaces
import NovaModel
import NovaRPC
import NovaWire
import PlacementStore

/// The topic `placement`: each method is one call of the repository.
enum PlacementHandlers {
    static func dispatcher(_ placement: PlacementRepository) -> RPCDispatcher {
        var dispatcher = RPCDispatcher()
        dispatcher.on(PlacementReport.self) { report, _ in
            try await placement.report(report.providerID, name: report.name, report.inventories)
            return Nothing()
        }
        dispatcher.on(PlacementClaim.self) { claim, _ in
            let result = try await placement.claim(
                claim.consumer, on: claim.providerID, claim.resources, project: claim.projectID, user: claim.userID)
            var response = PlacementClaim.Response()
            response.providerID = result.state.providerID
            response.state = result.state
            return response
        }
        dispatcher.on(PlacementRelease.self) { release, _ in
            try await placement.release(release.consumer)
            return Nothing()
        }
        dispatcher.on(PlacementHandOver.self) { request, _ in
            try await placement.handOver(
                from: request.giver, to: request.taker, on: request.provider, replacing: request.replaces)
            return Nothing()
        }
        dispatcher.on(PlacementSnapshot.self) { snapshot, _ in
            let found = try await placement.snapshot(after: snapshot.after)
            var response = PlacementSnapshot.Response()
            response.sequence = found.sequence
            response.providers = found.providers
            return response
        }
        dispatcher.on(PlacementConsumers.self) { request, _ in
            let limit = max(1, min(5000, request.limit))
            var response = PlacementConsumers.Response()
            response.consumers = try await placement.consumers(after: request.after, limit: limit).map(Self.claims)
            if Int64(response.consumers.count) == limit { response.next = response.consumers.last?.consumer }
            return response
        }
        dispatcher.on(PlacementCheck.self) { _, _ in
            var response = PlacementCheck.Response()
            response.differences = try await placement.usageDifferences(limit: 1000).map { found in
                var difference = UsageDifference()
                difference.providerID = found.provider
                difference.resourceClass = found.resourceClass
                difference.kept = found.kept
                difference.actual = found.actual
                return difference
            }
            return response
        }
        dispatcher.on(PlacementRecount.self) { request, _ in
            try await placement.recount(request.providerID)
            return Nothing()
        }
        return dispatcher
    }

    private static func claims(_ holding: Holding) -> ConsumerClaims {
        var claims = ConsumerClaims()
        claims.consumer = holding.consumer
        claims.isKnown = holding.isKnown
        let byProvider = Dictionary(grouping: holding.allocations, by: \.providerID)
        claims.claims = byProvider.sorted { $0.key < $1.key }.map { provider, allocations in
            var claim = ProviderClaim()
            claim.providerID = provider
            claim.resources = allocations.map { ResourceAmount($0.resourceClass, $0.used) }
            return claim
        }
        return claims
    }
}
