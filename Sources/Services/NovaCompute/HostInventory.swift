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
        // The folders first: an instance that is made meanwhile has both, and is in neither list or busy.
        let disks = try await folders.servers()
        let states = try await driver.powerStates()
        let limit = Int(max(1, min(Self.pageLimit, request.limit)))
        let ids = Set(states.keys).union(disks).filter { $0 > request.after }.sorted()
        var response = ComputeInventory.Response()
        response.instances = ids.prefix(limit).filter { !activity.isBusy($0) }.map {
            HostedInstance($0, states[$0], hasFolder: disks.contains($0))
        }
        response.next = ids.count > limit ? ids[limit - 1] : nil
        if request.after == .none {
            response.images = try await cache.contents(bases: try await folders.bases())
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
            try await cache.remove(request.image) { [folders] in folders.basesNow() }
        }
        return Nothing()
    }
}
