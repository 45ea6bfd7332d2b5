public import Logging
public import NovaCore
import NovaWire
import Synchronization

/// A process's access to the brokers: sends messages and waits for their end, serves queues.
///
/// All its sockets belong to the process's client thread; a lost connection is made again, and what was not settled is
/// sent again under the same id.
public final class QueueClient: Sendable {
    private let session: Int
    private let instance: UInt64
    private let thread: ClientThread
    private let counter = Atomic<UInt64>(0)
    /// The endpoints of all brokers.
    public let brokers: [String]

    /// A client of brokers; connecting goes on in the background.
    public init(brokers: [BrokerAddress], name: PeerName, log: Logger) throws {
        guard !brokers.isEmpty, brokers.count <= 16, !name.role.isEmpty,
            [name.role, name.host, name.instance].allSatisfy({ $0.utf8.count < 256 })
        else {
            throw NovaError(.badRequest, "The queue client needs an endpoint and a role.", details: "\(name)")
        }
        self.brokers = brokers.map(\.endpoint)
        thread = try ClientThread.shared()
        session = thread.newSession()
        instance = UInt64.random(in: 1...UInt64.max)
        thread.post(
            .open(
                session: session, instance: instance, ClientSettings(brokers: brokers, name: name, log: log)))
    }

    /// Whether a broker has welcomed the client within the time.
    public func waitUntilReady(_ limit: Duration) async -> Bool {
        await withCheckedContinuation { done in
            thread.post(.awaitReady(session: session, deadline: Self.deadline(limit), done: done))
        }
    }

    /// Sends a CALL, CAST, FANOUT or ADMIN message and waits until it is settled.
    ///
    /// - Parameters:
    ///   - silence: how long a call may be without a sign of its worker.
    ///   - broker: the number of the broker that is asked; nil for the queue's home.
    /// - Returns: the answer's body; empty for a message that was accepted.
    /// - Throws: ``NovaError``; `CancellationError` when the task is cancelled.
    public func request(
        _ header: MessageHeader, body: [UInt8], timeout: Duration, silence: Duration = .seconds(60),
        broker: Int? = nil
    ) async throws -> [UInt8] {
        guard body.count <= MessageHeader.maximumBody else {
            throw NovaError(
                .tooLarge, "The request is too large.",
                details: "message of \(body.count) bytes to \(header.queue); the limit is \(MessageHeader.maximumBody)")
        }
        guard header.queue.topic.utf8.count < 256, header.queue.host.utf8.count < 256, header.interface.utf8.count < 256
        else { throw NovaError(.badRequest, "The name of a queue is too long.", details: "\(header.queue)") }
        let number = counter.add(1, ordering: .relaxed).newValue
        var header = header
        header.id = MessageID(sender: instance, counter: number)
        let request = ClientRequest(
            header: header, body: body, deadline: Self.deadline(timeout),
            silence: max(1, min(silence.milliseconds, 86_400_000)), broker: broker)
        do {
            return try await withTaskCancellationHandler {
                try await withCheckedThrowingContinuation { done in
                    thread.post(.submit(session: session, request, done: done))
                }
            } onCancel: {
                thread.post(.cancel(session: session, counter: number))
            }
        } catch let error as NovaError where error.code == .cancelled && Task.isCancelled {
            throw CancellationError()
        }
    }

    /// Sends a SPAN: nobody answers, and it is lost when no broker is there.
    public func tell(_ header: MessageHeader) { thread.post(.tell(session: session, header)) }

    /// Serves a queue; false when no broker has confirmed it within the time (it goes on trying).
    ///
    /// - Parameters:
    ///   - slots: how many messages run at once.
    ///   - versions: the newest minor version of each interface that the handler knows.
    ///   - missed: called with the number of fanout messages that did not come, 0 when it is not known.
    public func serve(
        _ queue: QueueName, slots: Int, versions: [String: UInt16] = [:], within limit: Duration,
        missed: @escaping @Sendable (UInt64) -> Void = { _ in }, _ handler: @escaping DeliveryHandler
    ) async -> Bool {
        await withCheckedContinuation { done in
            thread.post(
                .serve(
                    session: session, ClientService(queue: queue, slots: slots, versions: versions),
                    QueueHandlers(run: handler, missed: missed), deadline: Self.deadline(limit), done: done))
        }
    }

    /// Tells an observer how the connection is, now and after each change; a later observer takes the place.
    ///
    /// It runs on the client thread and must not wait.
    public func watch(_ observer: @escaping @Sendable (QueueConnection) -> Void) {
        thread.post(.watch(session: session, ConnectionWatch(observer)))
    }

    /// Ends the work on a delivery, with a REPLY or a FAIL.
    public func settle(_ id: MessageID, _ result: Result<[UInt8], NovaError>) {
        switch result {
        case .success(let body) where body.count <= MessageHeader.maximumBody:
            thread.post(.settle(session: session, id: id, kind: .reply, body: body))
        case .success(let body):
            let error = NovaError(.tooLarge, "The answer is too large.", details: "\(body.count) bytes")
            thread.post(.settle(session: session, id: id, kind: .fail, body: FailureRecord(error).encoded()))
        case .failure(let error):
            thread.post(.settle(session: session, id: id, kind: .fail, body: FailureRecord(error).encoded()))
        }
    }

    /// Takes no more work, waits for what runs, says goodbye and closes; later use throws `unavailable`.
    public func close(within limit: Duration) async {
        await withCheckedContinuation { done in
            thread.post(.close(session: session, deadline: Self.deadline(limit), done: done))
        }
    }

    /// Ends as if the process had been killed: without a goodbye, and what was in hand is left.
    ///
    /// For tests.
    public func vanish() async {
        await withCheckedContinuation { done in thread.post(.vanish(session: session, done: done)) }
    }

    private static func deadline(_ limit: Duration) -> Int64 {
        MonotonicClock.milliseconds() + max(1, min(limit.milliseconds, 86_400_000))
    }
}
