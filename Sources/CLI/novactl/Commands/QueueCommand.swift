import ArgumentParser
import NovaCore
import NovaMessaging
import NovaRPC
import NovaSchema

struct QueueCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "queue", abstract: "The message queue (operators).",
        subcommands: [
            List.self, Show.self, Peers.self, Bindings.self, Dead.self, Ping.self, Trace.self, Purge.self, Drain.self,
            Keygen.self, Authorize.self, Revoke.self,
        ])

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Lists queues with what waits, what is in hand, rates and workers.",
            discussion: "With several brokers a row is the sum of them; the home is the one that has the free workers.")
        @OptionGroup var queue: QueueOptions
        @OptionGroup var output: OutputOptions
        @Flag(help: "A row for each broker.") var byBroker = false
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
                    let rows = QueueRows(try await queue.queues(bus), byBroker: byBroker)
                    if watch, !Console.isTerminal, !output.json { Console.write(Timestamp.now().iso8601MicroZ) }
                    if watch, Console.isTerminal {
                        Console.write("\u{1B}[H\u{1B}[2J\(queue.endpoints.joined(separator: " "))")
                    }
                    output.show(rows.values, rows.columns)
                    rounds += 1
                    if let count, rounds >= count { break }
                    if watch { try await Task.sleep(for: .seconds(1)) }
                } while watch
            }
        }
    }

    struct Show: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Shows a queue, its workers, and how long its methods wait and take.",
            discussion: "The times are those of the methods in all queues of the topic, since the brokers' start.")
        @OptionGroup var queue: QueueOptions
        @OptionGroup var output: OutputOptions
        @Argument(help: "Its name, as in queue list: conductor, compute.HOST.") var name: String

        func run() async throws {
            try await queue.with { bus in
                let found = QueueOverview.list(try await queue.queues(bus)).filter { $0.total.name == name }
                guard !found.isEmpty else { throw QueueCommand.absent(name) }
                let (peers, methods) = try await queue.ask { (try await bus.peers(), try await bus.methods()) }
                let view = QueueView(found, peers: peers, methods: MethodStatus.merged(methods))
                guard !output.json else { return Console.write(view.json.text) }
                for part in found {
                    output.show(QueueRows.json(part.total, home: part.total.broker))
                    Console.write("")
                }
                if found.contains(where: { $0.parts.count > 1 }) {
                    Console.write("At each broker:")
                    let rows = QueueRows(found.flatMap(\.parts), byBroker: true)
                    output.show(rows.values, rows.columns)
                    Console.write("")
                }
                Console.write("Workers:")
                output.show(view.workers, QueueView.workerColumns)
                Console.write("\nMethods:")
                output.show(view.methods, QueueView.methodColumns)
            }
        }
    }

    /// The error for a queue that no broker knows.
    static func absent(_ name: String) -> NovaError {
        NovaError(.notFound, "There is no queue \"\(name)\". See: novactl queue list")
    }
}
