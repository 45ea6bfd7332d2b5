import ArgumentParser
import Glibc
import Logging
import NovaCore
import NovaMessaging
import NovaRPC

/// A peer of the queue for tests of its faults: `tools/tests/chaos.py` starts many, and ends them with SIGKILL.
///
/// Lines of its log, after the time: `started PID`, `ready`; of senders `submitted ID call|cast once|again DEADLINE TOPIC
/// WORK`, `answered ID ok|CODE`; of workers `run ID`, `end ID done|cancelled`.
@main
struct Main: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "nova-queue-peer", abstract: "Sends or does work over the queue, and logs it line by line.")

    enum Role: String, ExpressibleByArgument, CaseIterable {
        case sender
        case worker
    }

    @Option(name: .customLong("broker"), help: "A broker: tcp://ADDRESS:PORT=PUBLIC-KEY (repeatable).")
    var brokers: [String] = []

    @Option(help: "What to be: sender or worker.")
    var role: Role

    @Option(help: "The peer's name in the brokers' logs.")
    var name: String

    @Option(help: "TOPIC=KEY-FILE to serve (repeatable); of a sender the topics, with one key file in --keys.")
    var topic: [String] = []

    @Option(help: "A sender's key file.")
    var keys: String?

    @Option(help: "How long to send.")
    var seconds: Double = 60

    @Option(help: "Messages a second.")
    var rate: Double = 8

    @Option(help: "The share of calls; the rest are casts.")
    var calls: Double = 0.7

    @Option(help: "The shortest time of a call, in milliseconds.")
    var deadlineFrom: Int64 = 4_000

    @Option(help: "The longest time of a call, in milliseconds.")
    var deadlineTo: Int64 = 15_000

    @Option(help: "Slots of each topic.")
    var slots = 16

    @Option(help: "The file of events, which is appended to.")
    var log: String

    func validate() throws {
        guard !brokers.isEmpty, !topic.isEmpty else { throw ValidationError("--broker and --topic are needed") }
        guard rate > 0, deadlineFrom > 0, deadlineFrom <= deadlineTo else { throw ValidationError("a bad number") }
    }

    func run() async throws {
        signal(SIGPIPE, SIG_IGN)
        let events = try EventLog(path: log)
        events.write("started \(getpid())")
        switch role {
        case .sender: try await send(events)
        case .worker: try await work(events)
        }
        // What was accepted and not settled is the sender's still; a worker works until it is killed.
        while !Task.isCancelled { try await Task.sleep(for: .seconds(60)) }
    }

    private func send(_ events: EventLog) async throws {
        let sender = Sender(
            bus: try await bus(keys: keys, role: "api"), log: events, topics: topic, rate: rate,
            deadlines: deadlineFrom...deadlineTo, calls: calls)
        events.write("ready")
        await sender.run(for: .seconds(seconds))
        events.write("sent")
    }

    private func work(_ events: EventLog) async throws {
        let worker = Worker(log: events)
        for text in topic {
            let parts = text.split(separator: "=", maxSplits: 1).map(String.init)
            let bus = try await bus(keys: parts.count > 1 ? parts[1] : nil, role: parts[0])
            try await bus.serve(worker.dispatcher, topic: parts[0], host: nil, slots: slots)
        }
        events.write("ready")
    }

    private func bus(keys file: String?, role: String) async throws -> RPCBus {
        let keys = try file.map { try CurveKeyPair(file: $0) }
        let addresses = try brokers.map { text in
            let (endpoint, key) = try BrokerAddress.split(text)
            guard let key, let keys else { return BrokerAddress(endpoint) }
            return BrokerAddress(endpoint, curve: ClientCurve(keys: keys, broker: key))
        }
        return try await RPCBus.connect(
            to: addresses, role: keys?.role ?? role, host: keys?.host ?? name, instance: "\(name).\(getpid())",
            log: Logger(label: name, factory: { StreamLogHandler.standardError(label: $0) }))
    }
}
