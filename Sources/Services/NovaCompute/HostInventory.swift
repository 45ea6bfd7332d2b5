import NovaCore
import NovaInterfaces
import NovaModel
import NovaProcess
import NovaWire
import VirtDriver

/// Tells the conductor's reconcilers what the host has, and removes what they find to be left over.
struct HostInventory: Sendable {
    /// The most that one page tells of.
    private static let pageLimit: Int64 = 5000

    let driver: any VirtDriver
    let actions: InstanceActions
    let folders: InstanceFolders
    let cache: ImageCache
    let activity: InstanceActivity

    /// One page.
    func page(_ request: ComputeInventory) async throws -> ComputeInventory.Response {
        // What is busy before and after: an instance that is made or ends meanwhile may be in neither list.
        let before = activity.busy
        let disks = try await folders.servers()
        let states = try await driver.powerStates()
        let busy = before.union(activity.busy)
        let limit = Int(max(1, min(Self.pageLimit, request.limit)))
        let ids = Set(states.keys).union(disks).union(busy).filter { $0 > request.after }.sorted()
        var response = ComputeInventory.Response()
        response.instances = ids.prefix(limit).map {
            HostedInstance($0, states[$0], hasFolder: disks.contains($0), isBusy: busy.contains($0))
        }
        response.next = ids.count > limit ? ids[limit - 1] : nil
        if request.after == .none {
            response.images = try await cache.contents { [folders] in try folders.bases() }
        }
        return response
    }

    /// Removes one leftover.
    func remove(_ request: ComputeRemoveLeftover) async throws -> Nothing {
        if request.serverID != .none {
            guard !activity.isBusy(request.serverID) else {
                throw NovaError(.conflict, "Something is being done to the server on this host.")
            }
            try await actions.removeOrphan(request.serverID)
            // Where instances are not real, their folders are not the actions' business.
            try await folders.remove(request.serverID)
        }
        if !request.image.isEmpty {
            try await cache.remove(request.image) { [folders] in try folders.bases() }
        }
        return Nothing()
    }
}
