import Logging
import NovaCore
import NovaInterfaces
import NovaModel
import VirtDriver

// Network devices that come to an instance, and go.
extension InstanceActions {
    /// Gives an instance another network device; leaves nothing behind when that fails.
    func attachInterface(_ request: ComputeAttachInterface) async throws -> InstanceOutcome {
        let instance = request.instance
        let network = NetworkInfo([request.port])
        return try await fenced(instance.id, request.fence, ComputeAttachInterface.name) { [self] in
            let driver = try able(driver as? any InterfaceDriver, to: "attach a network device to")
            guard try await driver.powerState(instance.id) != nil else {
                throw NovaError(.notFound, "Instance \(instance.id) could not be found.", details: "not on this host")
            }
            do {
                for interface in try await plugger.plug(instance, network) {
                    try await driver.attachInterface(instance, interface)
                }
            } catch {
                // In a task of its own: what is cancelled must be cleaned up too.
                await Task { [self] in
                    do {
                        try await plugger.unplug(network, instance.id)
                    } catch {
                        log.error("a port stays plugged: \(NovaError(error))", metadata: ["server": "\(instance.id)"])
                    }
                }.value
                throw error
            }
            return try await outcome(instance.id)
        }
    }

    /// Takes a network device away from an instance, and its tap from the host.
    func detachInterface(_ request: ComputeDetachInterface) async throws -> InstanceOutcome {
        let instance = request.instance
        return try await fenced(instance.id, request.fence, ComputeDetachInterface.name) { [self] in
            let driver = try able(driver as? any InterfaceDriver, to: "detach a network device from")
            try await driver.detachInterface(instance, plugger.name(request.port))
            try await plugger.unplug(NetworkInfo([request.port]), instance.id)
            return try await outcome(instance.id)
        }
    }
}
