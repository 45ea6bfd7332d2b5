import NovaCore
import NovaInterfaces
import NovaModel
import NovaWire
import VirtDriver

// An instance that goes to another host, or changes its size on this one.
extension InstanceActions {
    /// Shuts an instance down and keeps its disks aside.
    func setAside(_ request: ComputeSetAside) async throws -> Nothing {
        let id = request.serverID
        let graceful = Duration.seconds(max(0, min(Self.longestShutdown, request.shutdownTimeout)))
        return try await fenced(id, request.fence, ComputeSetAside.name) { [self] in
            if try await driver.powerState(id) != nil {
                try await driver.powerOff(id, graceful: graceful)
                try await driver.destroy(id)
                known.forget(id)
            }
            try await plugger.unplug(request.network, id)
            try await folders?.setAside(id, for: request.fence.workflow)
            return Nothing()
        }
    }

    /// Offers what was set aside: not remembered, since the offer lives no longer than this process.
    func offerDisks(_ request: ComputeOfferDisks) async throws -> TransferOffer {
        let id = request.serverID
        return try await fenced(id, request.fence, ComputeOfferDisks.name, remembers: false) { [self] in
            guard let folders else { return TransferOffer() }
            return try await folders.offer(id, in: request.fence.workflow, to: request.target, by: transfer)
        }
    }

    /// Brings an instance's disks here.
    func fetchDisks(_ request: ComputeFetchDisks) async throws -> ComputeFetchDisks.Response {
        try await fenced(request.instance.id, request.fence, ComputeFetchDisks.name) { [self] in
            guard let folders else { return ComputeFetchDisks.Response() }
            return ComputeFetchDisks.Response(
                bytes: try await folders.receive(request.instance, request.offer, by: transfer))
        }
    }

    /// Makes an instance from disks that were brought here.
    func finishMove(_ request: ComputeFinishMove) async throws -> InstanceOutcome {
        try await fenced(request.instance.id, request.fence, ComputeFinishMove.name) { [self] in
            try await put(request.instance, starts: request.starts)
            return try await outcome(request.instance.id)
        }
    }

    /// Makes an instance what it was before it was set aside.
    func bringBack(_ request: ComputeBringBack) async throws -> InstanceOutcome {
        let id = request.instance.id
        return try await fenced(id, request.fence, ComputeBringBack.name) { [self] in
            transfer.withdraw(id)
            if let folders, folders.hasAside(id) {
                try await driver.destroy(id)
                known.forget(id)
                try await folders.bringBack(id)
            }
            try await put(request.instance, starts: request.starts)
            return try await outcome(id)
        }
    }

    /// Removes what is kept aside of an instance that lives here.
    func forgetAside(_ request: ComputeForgetAside) async throws -> Nothing {
        try await fenced(request.serverID, request.fence, ComputeForgetAside.name) { [self] in
            transfer.withdraw(request.serverID)
            try await folders?.forgetAside(request.serverID)
            return Nothing()
        }
    }

    private func put(_ instance: InstanceSpec, starts: Bool) async throws {
        let parts = try await existingParts(instance)
        if starts {
            try await driver.powerOn(instance, parts: parts)
        } else {
            try await driver.define(instance, parts: parts)
        }
    }
}
