import NovaCore
import NovaInterfaces
import NovaModel

extension Reconciler {
    /// What servers hold that never came to a host: their builds failed, and should have given it back.
    public static let claims = Reconciler(
        "claims", "what servers without a host hold", needs: [.placement, .network, .database]
    ) { picture in
        let busy = picture.busy
        let hostless = picture.servers.filter { $0.value.host == nil && !busy.contains($0.key) }
        let claims = picture.consumers.filter { hostless[$0.consumer] != nil && !$0.claims.isEmpty }.map { consumer in
            Drift(
                "claim-without-instance", consumer.consumer.description, server: consumer.consumer,
                "The server has no host and holds \(Reconciler.text(consumer)).", remedy: "It is given back.",
                isSafe: true, .releaseClaim(consumer.consumer))
        }
        // A shelved server keeps its addresses.
        let portless = hostless.filter { $0.value.vmState != .shelvedOffloaded }
        let ports = Set(picture.ports.map(\.serverID)).filter { portless[$0] != nil }.sorted().map { id in
            Drift(
                "ports-without-instance", id.description, server: id,
                "The server has no host, and ports are bound to it.",
                remedy: "Ports made for it are removed, those that a user made are freed.", isSafe: true,
                .releasePorts(id))
        }
        return claims + ports
    }
}
