import ArgumentParser
import NovaCore
import NovaMessaging
import NovaRPC
import NovaSchema

/// What operators do to the queue.
extension QueueCommand {
    struct Ping: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Measures the way to a service's dispatcher and back.",
            discussion: "Of a compute host: queue ping HOST. Of any worker of a topic: queue ping --topic conductor.")
        @OptionGroup var queue: QueueOptions
        @OptionGroup var output: OutputOptions
        @ArgumentParser.Option(help: "The service's topic (default: compute).") var topic: String?
        @ArgumentParser.Option(help: "How many times.") var count = 1
        @Argument(help: "The host's name in the cloud.") var host: String?

        func validate() throws {
            guard host != nil || topic != nil else { throw ValidationError("Give a HOST, or --topic TOPIC.") }
            guard (1...10_000).contains(count) else { throw ValidationError("--count is a number from 1 to 10000.") }
        }

        func run() async throws {
            try await queue.with { bus in
                let topic = topic ?? "compute"
                let name = host.map { QueueName.host(topic, $0) } ?? .topic(topic)
                try await checkServed(name, topic, bus)
                var times: [Double] = []
                for _ in 0..<count {
                    do {
                        times.append(Double(try await bus.ping(name).microseconds) / 1_000)
                    } catch let error as NovaError {
                        throw NovaError(
                            .unavailable, "\(name) did not answer. See: novactl queue show \(name)",
                            details: error.message)
                    }
                    if !output.json { Console.write("\(name): \(times[times.count - 1]) ms") }
                }
                report(name, times)
            }
        }

        private func report(_ name: QueueName, _ times: [Double]) {
            let mean = (times.reduce(0, +) / Double(times.count) * 1_000).rounded() / 1_000
            let least = times.min() ?? 0
            let most = times.max() ?? 0
            if output.json {
                let value: JSONValue = .object([
                    "queue": .string("\(name)"), "times_ms": .array(times.map { .number($0) }),
                    "min_ms": .number(least), "mean_ms": .number(mean), "max_ms": .number(most),
                ])
                Console.write(value.text)
            } else if times.count > 1 {
                Console.write("\(times.count) answers: least \(least) ms, mean \(mean) ms, most \(most) ms")
            }
        }

        /// Says which hosts there are when the one that is asked for is none.
        private func checkServed(_ name: QueueName, _ topic: String, _ bus: RPCBus) async throws {
            let served = try await queue.queues(bus).filter { $0.consumers > 0 }.compactMap { QueueName($0) }
            guard !served.contains(name) else { return }
            let hosts = Set(served.filter { $0.kind == .host && $0.topic == topic }.map(\.host)).sorted()
            let known = hosts.isEmpty ? "none" : hosts.prefix(10).joined(separator: ", ")
            guard let host else {
                throw NovaError(.notFound, "No service answers the queue \"\(topic)\" now. See: novactl queue bindings")
            }
            throw NovaError(
                .notFound,
                "No \(topic) service of a host \"\(host)\" is connected now. Connected: \(known)"
                    + (hosts.count > 10 ? " and \(hosts.count - 10) more." : "."))
        }
    }

    struct Purge: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Drops what waits in a queue: callers get an error, casts become dead letters.",
            discussion: "What workers have in hand goes on.")
        @OptionGroup var queue: QueueOptions
        @OptionGroup var output: OutputOptions
        @Flag(help: "Do not ask.") var yes = false
        @Argument(help: "The queue's name, as in queue list.") var name: String

        func run() async throws {
            try await queue.with { bus in
                let found = QueueOverview.list(try await queue.queues(bus)).map(\.total)
                    .first { $0.name == name && $0.kind != "fanout" }
                guard let found, let target = QueueName(found) else { throw QueueCommand.absent(name) }
                try Confirmation.ask(
                    "Drop the \(found.ready) message(s) that wait in the \(found.kind) queue \(name)?", isGiven: yes)
                let before = QueueStatus.sum(try await queue.ask { try await bus.purge(target) })
                guard !output.json else {
                    let value: JSONValue = .object(["queue": .string(name), "dropped": .integer(before.ready)])
                    return Console.write(value.text)
                }
                Console.write("\(before.ready) message(s) dropped from \(name)")
            }
        }
    }

    struct Drain: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Lets a broker send its peers to the others and end, for a restart without a loss.",
            discussion: "What is in hand may end; nova-queue stops then and is to be started again.")
        @OptionGroup var queue: QueueOptions
        @Flag(help: "Do not ask.") var yes = false
        @Argument(help: "The broker's endpoint, as in [queue] brokers.") var broker: String

        func run() async throws {
            let endpoint = broker.contains("://") ? broker : "tcp://\(broker)"
            guard queue.endpoints.contains(endpoint) else {
                throw NovaError(
                    .notFound, "There is no broker \(endpoint). Brokers: \(queue.endpoints.joined(separator: ", "))")
            }
            try await queue.with { bus in
                let others = Set(try await queue.queues(bus).map(\.broker)).subtracting([endpoint])
                if others.isEmpty {
                    try Confirmation.ask(
                        "No other broker answers: the cloud stands still meanwhile. Drain it?", isGiven: yes)
                }
                try await queue.ask { try await bus.drain(endpoint) }
                Console.write("\(endpoint) drains and ends")
            }
        }
    }
}
