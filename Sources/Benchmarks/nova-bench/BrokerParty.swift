import ArgumentParser
import NovaMessaging

/// A broker as a process of its own.
struct BrokerParty: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "broker", shouldDisplay: false)

    @OptionGroup var party: PartyOptions

    @MainActor
    func run() async throws {
        PartyOptions.raiseLimits()
        let curve = try party.keys.map {
            BrokerCurve(
                keys: try CurveKeyPair(file: "\($0)/broker.key"),
                authorized: try AuthorizedKeysFile(path: "\($0)/authorized", log: PartyOptions.log))
        }
        let broker = try QueueBroker(endpoints: [party.endpoint], curve: curve, log: PartyOptions.log)
        // Detached: it lives until stop(), below, and this actor's thread is blocked by reading.
        let running = Task.detached { try await broker.run() }
        PartyOptions.say("{\"endpoint\": \"\(broker.boundEndpoints.first ?? "")\"}")
        while readLine() != nil {}
        broker.stop()
        try await running.value
    }
}
