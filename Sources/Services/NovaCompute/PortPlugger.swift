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

    /// Makes the taps of all ports, in order.
    func plug(_ network: NetworkInfo, _ id: ServerID) async throws -> [PluggedPort] {
        var plugged: [PluggedPort] = []
        for port in network.ports {
            // Noted before the tap exists, so that a sweep that runs now leaves it alone.
            recent.withLock { $0[port.portID] = SteadyClock.now }
            let device = opensTaps ? try await plug.plug(port, serverID: id) : try await plug.prepare(port)
            plugged.append(PluggedPort(port, tap: device))
        }
        return plugged
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
