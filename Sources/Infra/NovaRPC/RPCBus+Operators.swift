public import NovaCore
public import NovaMessaging
import NovaWire

// What operators see and do. Each broker is asked for itself; those that do not answer are left out as long as one does.
extension RPCBus {
    private static let page = 1_000
    private static let patience = Duration.seconds(5)
    /// How long the others may take once one broker has answered.
    private static let grace = Duration.milliseconds(250)

    /// The queues of all brokers.
    public func queues() async throws -> [QueueStatus] {
        try await all(.queues, decode: { try QueueList(decoding: $0).queues }) { $0.broker = $1 }
    }

    /// The connections of all brokers.
    public func peers() async throws -> [PeerStatus] {
        try await all(.peers, decode: { try PeerList(decoding: $0).peers }) { $0.broker = $1 }
    }

    /// The last casts that nobody handled.
    public func deadLetters() async throws -> [DeadLetter] {
        try await all(.deadLetters, decode: { try DeadLetterList(decoding: $0).letters }) { _, _ in }
    }

    /// The waiting and service times of all methods, by broker.
    public func methods() async throws -> [MethodStatus] {
        try await all(.methods, decode: { try MethodList(decoding: $0).methods }) { _, _ in }
    }

    /// The messages of one request that ended lately, the oldest first.
    public func trace(_ request: UUID128) async throws -> [TraceEntry] {
        var question = Self.question(.trace)
        question.trace = request
        let entries = try await all(question, decode: { try TraceList(decoding: $0).entries }) { _, _ in }
        return entries.sorted { $0.age > $1.age }
    }

    /// Drops what waits in a queue; callers are told, casts become dead letters.
    ///
    /// - Returns: the queue as it was at each broker.
    public func purge(_ queue: QueueName) async throws -> [QueueStatus] {
        var question = Self.question(.purge)
        question.queue = queue
        return try await all(question, grace: Self.patience, decode: { try QueueList(decoding: $0).queues }) {
            $0.broker = $1
        }
    }

    /// Lets a broker send its peers elsewhere and end.
    ///
    /// - Throws: `notFound` for an endpoint that is not configured.
    public func drain(_ endpoint: String) async throws {
        guard let index = client.brokers.firstIndex(of: endpoint) else {
            throw NovaError(
                .notFound, "There is no broker \(endpoint).",
                details: "brokers: \(client.brokers.joined(separator: " "))")
        }
        _ = try await client.request(Self.question(.drain), body: [], timeout: Self.patience, broker: index)
    }

    /// The way to a worker and back, through its dispatcher.
    ///
    /// - Throws: `noConsumer` when nobody serves the queue, `timeout`.
    public func ping(_ queue: QueueName, timeout: Duration = .seconds(5)) async throws -> Duration {
        var header = MessageHeader(.call, id: MessageID(sender: 0, counter: 0))
        header.queue = queue
        header.interface = QueueStatus.interface
        header.method = RPCDispatcher.pingNumber
        header.flags = .idempotent
        let start = ContinuousClock.now
        _ = try await client.request(header, body: [], timeout: timeout)
        return .now - start
    }

    private static func question(_ question: AdminQuestion) -> MessageHeader {
        var header = MessageHeader(.admin, id: MessageID(sender: 0, counter: 0))
        header.method = question.rawValue
        return header
    }

    private func all<T: Sendable>(
        _ question: AdminQuestion, decode: @escaping @Sendable ([UInt8]) throws -> [T],
        sign: @escaping @Sendable (inout T, String) -> Void
    ) async throws -> [T] {
        try await all(Self.question(question), decode: decode, sign: sign)
    }

    /// Asks every broker, and puts its name on what it answers.
    private func all<T: Sendable>(
        _ question: MessageHeader, grace: Duration = RPCBus.grace,
        decode: @escaping @Sendable ([UInt8]) throws -> [T], sign: @escaping @Sendable (inout T, String) -> Void
    ) async throws -> [T] {
        try await withThrowingTaskGroup(of: (Int, Result<[T], NovaError>)?.self) { group in
            for index in client.brokers.indices {
                group.addTask { [self] in
                    do {
                        var found = try await pages(question, of: index, decode)
                        for item in found.indices { sign(&found[item], client.brokers[index]) }
                        return (index, .success(found))
                    } catch is CancellationError {
                        throw CancellationError()
                    } catch {
                        return (index, .failure(NovaError(error)))
                    }
                }
            }
            var answers: [Int: [T]] = [:]
            var failure: NovaError?
            var waiting = client.brokers.count
            while let (index, result) = try await group.next() ?? nil {
                switch result {
                case .success(let found):
                    if answers.isEmpty, waiting > 1 {
                        group.addTask {
                            try await Task.sleep(for: grace)
                            return nil
                        }
                    }
                    answers[index] = found
                case .failure(let error): failure = error
                }
                waiting -= 1
                if waiting == 0 { break }
            }
            group.cancelAll()
            if answers.isEmpty, let failure { throw failure }
            return answers.sorted { $0.key < $1.key }.flatMap(\.value)
        }
    }

    private func pages<T>(
        _ question: MessageHeader, of broker: Int, _ decode: ([UInt8]) throws -> [T]
    ) async throws -> [T] {
        var all: [T] = []
        while true {
            var header = question
            header.amount = UInt64(all.count)
            let page = try decode(
                try await client.request(header, body: [], timeout: Self.patience, broker: broker))
            all += page
            guard page.count == Self.page else { return all }
        }
    }
}
