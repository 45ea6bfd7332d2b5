import NetworkDriver
import NovaCore
import NovaModel
import Synchronization
import VirtDriver

/// Plugs and unplugs instances' ports, and sweeps what no instance needs without racing a build.
final class PortPlugger: Sendable {
    /// How long a new tap is safe from the sweep: the conductor may have answered before it was made.
    private static let grace = Duration.seconds(900)

    private let plug: any HostPlug
    /// Whether the hypervisor opens taps of ours.
    private let opensTaps: Bool
    private let recent = Mutex<[PortID: ContinuousClock.Instant]>([:])

    init(_ plug: any HostPlug, opensTaps: Bool = true) {
        self.plug = plug
        self.opensTaps = opensTaps
    }

    /// Makes the taps of an instance's ports, in order.
    ///
    /// - Parameter network: the ports; nil for all that it has.
    func plug(_ instance: InstanceSpec, _ network: NetworkInfo? = nil) async throws -> [PluggedPort] {
        let hasQueues = HardwareRules(instance.flavor, image: instance.hardwareProperties).hardware.queues > 1
        var plugged: [PluggedPort] = []
        for port in (network ?? instance.network).ports {
            // Noted before the tap exists, so that a sweep that runs now leaves it alone.
            recent.withLock { $0[port.portID] = SteadyClock.now }
            plugged.append(PluggedPort(port, tap: try await device(port, instance.id, hasQueues: hasQueues)))
        }
        return plugged
    }

    private func device(_ port: PortBinding, _ id: ServerID, hasQueues: Bool) async throws -> String {
        guard opensTaps else { return try await plug.prepare(port) }
        return hasQueues
            ? try await plug.plugWithQueues(port, serverID: id) : try await plug.plug(port, serverID: id)
    }

    /// A port with the name that its device has on the host.
    func name(_ port: PortBinding) -> PluggedPort { PluggedPort(port, tap: NetworkNames.tap(port.portID)) }

    func unplug(_ network: NetworkInfo, _ id: ServerID) async throws {
        for port in network.ports {
            try await plug.unplug(port, serverID: id)
            recent.withLock { $0[port.portID] = nil }
        }
    }

    /// Removes our taps of ports that neither the conductor nor a recent build named.
    func sweep(keeping ports: [PortID]) async throws -> [String] {
        let limit = SteadyClock.now - Self.grace
        let kept = recent.withLock { recent in
            recent = recent.filter { $0.value > limit }
            return Set(recent.keys)
        }
        return try await plug.sweep(keeping: kept.union(ports))
    }
}
