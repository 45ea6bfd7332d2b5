import ArgumentParser
import NovaCore
import NovaMessaging
import NovaRPC
import NovaService

/// Which brokers an operator's command asks.
struct QueueOptions: ParsableArguments {
    @ArgumentParser.Option(
        help: "The brokers, tcp://ADDRESS:PORT=PUBLIC-KEY,... (default: NOVA_QUEUE, else tcp://127.0.0.1:5550).")
    var queue: String?
    @ArgumentParser.Option(help: "File of the operator's keys (default: NOVA_QUEUE_KEY).", completion: .file())
    var key: String?
    @Flag(help: "Speak plainly with a broker on this host that allows it.") var insecure = false

    private var texts: [String] {
        let text = queue ?? Environment["NOVA_QUEUE"] ?? "tcp://127.0.0.1:5550"
        return text.split(separator: ",").map(String.init)
    }

    var endpoints: [String] { texts.map { (try? BrokerAddress.split($0).endpoint) ?? $0 } }

    private func addresses() throws -> [BrokerAddress] {
        try QueueSettings.addresses(
            texts, keyFile: key ?? Environment["NOVA_QUEUE_KEY"] ?? "", isInsecure: insecure, name: "--queue",
            keyName: "--key or NOVA_QUEUE_KEY", insecureName: "--insecure")
    }

    /// Connects, and says goodbye at the end.
    ///
    /// - Parameter role: what the keys stand for.
    func with(role: String = "admin", _ body: (RPCBus) async throws -> Void) async throws {
        let bus = try await ToolSupport.connect(to: addresses(), role: role)
        do {
            try await body(bus)
        } catch {
            await bus.close()
            throw error
        }
        await bus.close()
    }

    /// Asks the brokers: the connection had five seconds to come up, and a broker that lives answers at once.
    func ask<T: Sendable>(_ question: @escaping @Sendable () async throws -> T) async throws -> T {
        do {
            return try await Deadline.after(.seconds(3)).bound("asking the brokers", question)
        } catch {
            let cause = NovaError(error)
            guard cause.isTransient, cause.code != .cancelled else { throw error }
            throw NovaError(
                .unavailable,
                "No broker answers at \(endpoints.joined(separator: ", ")). Is nova-queue running, and does it know "
                    + "your key? Name another one with --queue.", details: cause.message)
        }
    }

    /// The queues of all brokers; brokers without an answer are told of on standard error.
    func queues(_ bus: RPCBus) async throws -> [QueueStatus] {
        let rows = try await ask { try await bus.queues() }
        complainOfSilent(Set(rows.map(\.broker)))
        return rows
    }

    /// Tells which brokers did not answer.
    private func complainOfSilent(_ answered: Set<String>) {
        guard endpoints.count > 1 else { return }
        for endpoint in endpoints where !answered.contains(endpoint) {
            Console.complain("novactl: no answer from broker \(endpoint)")
        }
    }
}
