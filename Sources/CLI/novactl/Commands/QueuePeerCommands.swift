import ArgumentParser
import NovaMessaging
import NovaRPC
import NovaSchema

/// Who is on the queue.
extension QueueCommand {
    struct Peers: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Lists who is connected to the brokers.")
        @OptionGroup var queue: QueueOptions
        @OptionGroup var output: OutputOptions

        func run() async throws {
            try await queue.with { bus in
                let peers = try await queue.ask { try await bus.peers() }
                output.show(
                    peers.sorted { ($0.principal, $0.broker) < ($1.principal, $1.broker) }.map(\.json),
                    [
                        Column("Peer", "principal"), Column("Role", "role"), Column("Wire", "version"),
                        Column("Heard ms ago", "last_heard"), Column("In flight", "in_flight"),
                        Column("Stuck", "is_stuck"), Column("Serves", "serves"),
                        Column("Broker") { QueueRows.short($0["broker"]) },
                    ])
            }
        }
    }

    struct Bindings: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Lists queues and who serves them.")
        @OptionGroup var queue: QueueOptions
        @OptionGroup var output: OutputOptions
        @Flag(help: "A row for each broker.") var byBroker = false

        func run() async throws {
            try await queue.with { bus in
                let peers = try await queue.ask { try await bus.peers() }
                var columns = [
                    Column("Queue", "queue"), Column("Kind", "kind"), Column("Worker", "worker"),
                    Column("Versions", "versions"),
                ]
                if byBroker { columns.append(Column("Broker") { QueueRows.short($0["broker"]) }) }
                output.show(Binding.list(peers, byBroker: byBroker).map(\.json), columns)
            }
        }
    }

    struct Dead: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Lists the casts that nobody handled, the oldest first.",
            discussion: "Brokers keep the last ones; bodies are not kept. The request leads to the rest: queue trace.")
        @OptionGroup var queue: QueueOptions
        @OptionGroup var output: OutputOptions

        func run() async throws {
            try await queue.with { bus in
                let letters = try await queue.ask { try await bus.deadLetters() }
                output.show(
                    letters.map(\.json),
                    [
                        Column("Queue", "queue"), Column("Method", "method"), Column("Sender", "sender"),
                        Column("Reason", "reason"), Column("Request", "request_id"), Column("Message", "message"),
                    ])
            }
        }
    }
}
