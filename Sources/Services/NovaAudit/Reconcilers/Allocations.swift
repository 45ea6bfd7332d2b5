import NovaCore
import NovaInterfaces
import NovaModel

extension Reconciler {
    /// Allocations without a server, servers without an allocation, and allocations that are not the server's.
    public static let allocations = Reconciler(
        "allocations", "the allocations in placement and the servers that hold them",
        needs: [.placement, .database]
    ) { picture in
        let busy = picture.busy
        // What a move holds until it is confirmed is the move's.
        let held = picture.consumers.filter { !busy.contains($0.consumer) && picture.moves[$0.consumer] == nil }
            .compactMap { judge($0, picture) }
        let holders = Set(picture.consumers.map(\.consumer))
        let lacking = picture.servers.values.sorted { $0.id < $1.id }.filter { server in
            server.host != nil && server.providerID != nil && server.taskState == nil && !busy.contains(server.id)
                && !holders.contains(server.id)
        }
        return held
            + lacking.map { server in
                Drift(
                    "server-without-allocation", server.id.description, host: server.host ?? "", server: server.id,
                    "The server lives on a host and holds nothing in placement: the host looks emptier than it is.",
                    remedy: "What its flavor needs is claimed, when it is free.", isSafe: true, .claim(server.id))
            }
    }

    private static func judge(_ consumer: ConsumerClaims, _ picture: CloudPicture) -> Drift? {
        let id = consumer.consumer
        func drift(_ kind: String, _ explanation: String, _ remedy: String, isSafe: Bool, _ heal: Heal) -> Drift {
            Drift(kind, id.description, server: id, explanation, remedy: remedy, isSafe: isSafe, heal)
        }
        guard !consumer.claims.isEmpty else {
            return drift(
                "consumer-without-allocation", "Placement knows a consumer that holds nothing.",
                "The consumer is forgotten.", isSafe: true, .releaseClaim(id))
        }
        switch picture.standing(id) {
        case .deleted:
            return drift(
                "allocation-of-deleted-server", "A deleted server still holds \(text(consumer)).",
                "It is given back.", isSafe: true, .releaseClaim(id))
        case .unknown:
            let isSafe = picture.isNowhere(id)
            return drift(
                "allocation-of-unknown-server", "A server that the database does not know holds \(text(consumer)).",
                isSafe
                    ? "No host has such an instance: it is given back."
                    : "A host has such an instance or did not answer; novactl audit --also allocation-of-unknown-server "
                        + "gives it back all the same.",
                isSafe: isSafe, .releaseClaim(id))
        case .alive(let server):
            return judge(consumer, server, drift)
        }
    }

    private static func judge(
        _ consumer: ConsumerClaims, _ server: ServerFacts,
        _ drift: (String, String, String, Bool, Heal) -> Drift
    ) -> Drift? {
        // Without a host it is a claim that never became a server.
        guard let provider = server.providerID, server.taskState == nil else { return nil }
        guard consumer.isKnown else {
            return drift(
                "allocation-without-consumer", "The server's allocation has no record of whose it is.",
                "novactl audit --also allocation-without-consumer gives it back and claims it again.", false,
                .releaseClaim(server.id))
        }
        guard consumer.claims.map(\.providerID) == [provider] else {
            return drift(
                "allocation-on-other-provider",
                "The server lives on provider \(provider) and holds \(text(consumer)).",
                "novactl audit --also allocation-on-other-provider gives it back and claims it again.", false,
                .releaseClaim(server.id))
        }
        let wanted = ResourceAmount.of(server.flavor).filter { $0.amount != 0 }
        guard Set(wanted.map(Amount.init)) != Set(consumer.claims.flatMap(\.resources).map(Amount.init)) else {
            return nil
        }
        return drift(
            "allocation-amounts-differ", "The server's flavor needs other amounts than it holds: \(text(consumer)).",
            "What the flavor needs is claimed, when it is free.", true, .claim(server.id))
    }

    private struct Amount: Hashable {
        var name: String
        var value: Int64

        init(_ amount: ResourceAmount) {
            name = amount.resourceClass
            value = amount.amount
        }
    }

    static func text(_ consumer: ConsumerClaims) -> String {
        consumer.claims.map { claim in
            let amounts = claim.resources.map { "\($0.resourceClass) \($0.amount)" }.joined(separator: ", ")
            return "\(amounts) of provider \(claim.providerID)"
        }.joined(separator: "; ")
    }
}
