import NovaCore
import NovaInterfaces
import NovaModel

extension Reconciler {
    /// Ports that are bound to no server, and what servers' rows say of their ports.
    public static let ports = Reconciler(
        "ports", "the ports in the network service and the servers that they are bound to",
        needs: [.network, .database]
    ) { picture in
        let busy = picture.busy
        let bound = Dictionary(grouping: picture.ports, by: \.serverID)
        let strays = bound.filter { !busy.contains($0.key) }.sorted { $0.key < $1.key }.compactMap { id, ports in
            stray(id, ports, picture)
        }
        let stale = picture.servers.values.sorted { $0.id < $1.id }.compactMap { server -> Drift? in
            guard server.host != nil, server.taskState == nil, !busy.contains(server.id) else { return nil }
            let ports = (bound[server.id] ?? []).sorted {
                ($0.position, $0.port.portID) < ($1.position, $1.port.portID)
            }
            let network = NetworkInfo(ports.map(\.port))
            guard network != server.network else { return nil }
            // A network service that lost its database, or part of it, must not take ports from servers.
            let isSafe = Set(server.network.ports.map(\.portID)).isSubset(of: network.ports.map(\.portID))
            return Drift(
                "network-info-stale", server.id.description, server: server.id,
                "The server's row says \(text(server.network)), the network service says \(text(network)).",
                remedy: isSafe
                    ? "The row takes over what the network service says."
                    : "The network service has lost ports of it; novactl audit --also network-info-stale lets the row "
                        + "lose them too.",
                isSafe: isSafe, .setNetwork(server.id, network))
        }
        return strays + stale
    }

    private static func stray(_ id: ServerID, _ ports: [ServerPort], _ picture: CloudPicture) -> Drift? {
        let list = text(NetworkInfo(ports.map(\.port)))
        switch picture.standing(id) {
        case .alive: return nil
        case .deleted:
            return Drift(
                "port-of-deleted-server", id.description, server: id, "Bound to a deleted server: \(list).",
                remedy: "Ports made for it are removed, those that a user made are freed.", isSafe: true,
                .releasePorts(id))
        case .unknown:
            let isSafe = picture.isNowhere(id)
            return Drift(
                "port-of-unknown-server", id.description, server: id,
                "Bound to a server that the database does not know: \(list).",
                remedy: isSafe
                    ? "No host has such an instance: they are removed or freed."
                    : "A host has such an instance or did not answer; novactl audit --also port-of-unknown-server "
                        + "removes them all the same.",
                isSafe: isSafe, .releasePorts(id))
        }
    }

    private static func text(_ network: NetworkInfo) -> String {
        guard !network.ports.isEmpty else { return "no port" }
        return network.ports.map { "port \($0.portID) with \($0.fixedIP) on \($0.networkName)" }.joined(separator: ", ")
    }
}
