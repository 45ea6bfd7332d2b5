import NovaCore
import NovaInterfaces
import NovaModel
import NovaWire
import VirtDriver

extension InstanceActions {
    /// Brings an instance's images to the host.
    func prepareImages(_ request: ComputePrepareImages) async throws -> Nothing {
        try await folders?.prepare(request.instance)
        return Nothing()
    }

    /// Makes an instance anew from its image.
    func rebuild(_ request: ComputeRebuild) async throws -> InstanceOutcome {
        let instance = request.instance
        return try await fenced(instance.id, request.fence, ComputeRebuild.name) { [self] in
            try await driver.destroy(instance.id)
            known.forget(instance.id)
            try await folders?.clear(instance.id)
            try await driver.spawn(instance, parts: try await makeParts(instance))
            return try await outcome(instance.id)
        }
    }

    /// Restarts an instance from a rescue disk; until that is there the guest goes on.
    func rescue(_ request: ComputeRescue) async throws -> InstanceOutcome {
        let instance = request.instance
        let graceful = Duration.seconds(max(0, min(Self.longestShutdown, request.shutdownTimeout)))
        return try await fenced(instance.id, request.fence, ComputeRescue.name) { [self] in
            var parts = InstanceParts(folder: "")
            if let folders { parts = try await folders.makeRescue(instance) }
            parts.interfaces = try await plugger.plug(instance)
            if try await driver.powerState(instance.id) != nil {
                try await driver.powerOff(instance.id, graceful: graceful)
            }
            try await driver.powerOn(instance, parts: parts)
            return try await outcome(instance.id)
        }
    }

    /// Starts an instance from its own disk again.
    func unrescue(_ request: ComputeUnrescue) async throws -> InstanceOutcome {
        let instance = request.instance
        return try await fenced(instance.id, request.fence, ComputeUnrescue.name) { [self] in
            let isRescued = folders?.isRescued(instance.id) ?? true
            if isRescued, try await driver.powerState(instance.id) != nil {
                try await driver.powerOff(instance.id, graceful: nil)
            }
            try await folders?.endRescue(instance.id)
            if request.starts { try await driver.powerOn(instance, parts: try await existingParts(instance)) }
            return try await outcome(instance.id)
        }
    }
}
