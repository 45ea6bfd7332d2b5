import NovaCore
import NovaInterfaces
import NovaModel

extension Reconciler {
    /// The power states in the rows of servers at rest, and what the hypervisors say.
    public static let power = Reconciler(
        "power", "the power states of servers and what their hosts say", needs: [.hosts, .database]
    ) { picture in
        let busy = picture.busy
        return picture.instances.compactMap { host, instance in
            guard instance.hasInstance, !busy.contains(instance.serverID),
                case .alive(let server) = picture.standing(instance.serverID), server.host == host,
                server.taskState == nil, server.powerState != instance.powerState
            else { return nil }
            return Drift(
                "power-state-differs", server.id.description, host: host, server: server.id,
                "The server's row says \(server.powerState.rawValue), its host says \(instance.powerState.rawValue).",
                remedy: "The row takes over what the host says.", isSafe: true,
                .setPowerState(server.id, instance.powerState))
        }
    }
}
