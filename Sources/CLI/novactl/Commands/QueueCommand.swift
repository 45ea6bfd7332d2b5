import ArgumentParser
import NovaCore
import NovaMessaging
import NovaRPC
import NovaSchema
import NovaService

struct QueueCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "queue", abstract: "The message queue (operators).",
        subcommands: [List.self, Peers.self, Keygen.self, Authorize.self, Revoke.self])

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Lists queues with depth, rates and workers.")
        @OptionGroup var queue: QueueOptions
        @OptionGroup var output: OutputOptions
        @Flag(help: "Show again every second until interrupted.") var watch = false
        @ArgumentParser.Option(help: "With --watch: how many times.") var count: Int?

        func validate() throws {
            guard let count else { return }
            guard watch, count > 0 else { throw ValidationError("--count needs --watch and a number above 0.") }
        }

        func run() async throws {
            try await queue.with { bus in
                var rounds = 0
                repeat {
                    let queues = try await QueueOptions.soon { try await bus.queues() }
                        .sorted { ($0.name, $0.kind) < ($1.name, $1.kind) }
                    if watch, !Console.isTerminal, !output.json { Console.write(Timestamp.now().iso8601MicroZ) }
                    if watch, Console.isTerminal {
                        Console.write("\u{1B}[H\u{1B}[2J\(queue.endpoints.joined(separator: " "))")
                    }
                    output.show(queues.map(Self.json), Self.columns)
                    rounds += 1
                    if let count, rounds >= count { break }
                    if watch { try await Task.sleep(for: .seconds(1)) }
                } while watch
            }
        }

        private static let columns = [
            Column("Queue", "name"), Column("Kind", "kind"), Column("Depth", "depth"), Column("In flight", "in_flight"),
            Column("Consumers", "consumers"), Column("Credit", "credit"), Column("Oldest ms", "oldest_age"),
            Column("In/s", { rate($0["rate_in"]) }), Column("Out/s", { rate($0["rate_out"]) }),
            Column("Rejected", "rejected"), Column("Expired", "expired"), Column("Dead", "dead_letters"),
        ]

        @Sendable private static func rate(_ value: JSONValue?) -> String {
            let tenths = Int64(((value?.doubleValue ?? 0) * 10).rounded())
            return "\(tenths / 10).\(tenths % 10)"
        }

        private static func json(_ queue: QueueStatus) -> JSONValue {
            .object([
                "name": .string(queue.name), "kind": .string(queue.kind), "depth": .integer(queue.ready),
                "ready": .integer(queue.ready),
                "in_flight": .integer(queue.inFlight), "bytes": .integer(queue.bytes),
                "oldest_age": .integer(queue.oldestAge), "consumers": .integer(queue.consumers),
                "credit": .integer(queue.credit), "rate_in": .number(queue.rateIn), "rate_out": .number(queue.rateOut),
                "rejected": .integer(queue.rejected), "expired": .integer(queue.expired),
                "dead_letters": .integer(queue.deadLetters), "redelivered": .integer(queue.redelivered),
            ])
        }
    }

    struct Peers: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Lists who is connected to the queue.")
        @OptionGroup var queue: QueueOptions
        @OptionGroup var output: OutputOptions

        func run() async throws {
            try await queue.with { bus in
                let peers = try await QueueOptions.soon { try await bus.peers() }.sorted { $0.principal < $1.principal }
                let rows = peers.map { peer in
                    JSONValue.object([
                        "principal": .string(peer.principal), "role": .string(peer.role), "host": .string(peer.host),
                        "version": .integer(peer.version), "last_heard": .integer(peer.lastHeard),
                        "serves": .array(peer.serves.map { .string($0) }),
                    ])
                }
                output.show(
                    rows,
                    [
                        Column("Peer", "principal"), Column("Role", "role"), Column("Host", "host"),
                        Column("Heard ms ago", "last_heard"), Column("Serves", "serves"),
                    ])
            }
        }
    }
}

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

    /// The connection had five seconds to come up; a broker that lives answers at once.
    static func soon<T: Sendable>(_ ask: @escaping @Sendable () async throws -> T) async throws -> T {
        try await Deadline.after(.seconds(2)).bound("asking the broker", ask)
    }

    func with(_ body: (RPCBus) async throws -> Void) async throws {
        let bus = try await ToolSupport.connect(to: addresses())
        do {
            try await body(bus)
        } catch {
            await bus.close()
            let cause = NovaError(error)
            guard cause.isTransient else { throw error }
            throw NovaError(
                .unavailable,
                "No broker answers at \(endpoints.joined(separator: ", ")). Is nova-queue running, and does it know "
                    + "your key? Name another one with --queue.", details: cause.message)
        }
        await bus.close()
    }
}
