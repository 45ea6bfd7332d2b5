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
        dispatcher.on(PlacementSnapshot.self) { snapshot, _ in
            let found = try await placement.snapshot(after: snapshot.after)
            var response = PlacementSnapshot.Response()
            response.sequence = found.sequence
            response.providers = found.providers
            return response
        }
        return dispatcher
    }
}
