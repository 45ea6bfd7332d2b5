public import Logging
public import NovaCore
public import NovaMessaging
import NovaWire
import Synchronization

/// A service's place on the queue: it calls others and answers them.
///
/// A lost broker is waited for: calls stay open until their deadline, and are sent again under the same id when a broker
/// is back; a worker that has got a message before joins it instead of running it twice.
public final class RPCBus: Sendable {
    private static let patience = Duration.seconds(5)
    private static let fanoutLimit = 1_000

    let client: QueueClient
    private let log: Logger
    private let pins = VersionPins()
    private let fanouts = Mutex<[AsyncStream<Delivery>.Continuation]>([])

    private init(client: QueueClient, log: Logger) {
        self.client = client
        self.log = log
    }

    /// Connects to brokers; waits up to 5 seconds for one to answer, and goes on trying in the background.
    ///
    /// - Throws: ``NovaError`` when the names are invalid; an absent broker is no error.
    public static func connect(
        to brokers: [BrokerAddress], role: String, host: String, instance: String, log: Logger
    ) async throws -> RPCBus {
        let name = PeerName(role: role, host: host, instance: instance)
        let client = try QueueClient(brokers: brokers, name: name, log: log)
        if await !client.waitUntilReady(patience) {
            log.warning("no broker answers yet at \(client.brokers.joined(separator: " ")); trying on")
        }
        return RPCBus(client: client, log: log)
    }

    /// Connects to brokers without keys: within the process, over ipc, or for tests.
    public static func connect(
        to endpoints: [String], role: String, host: String, instance: String, log: Logger
    ) async throws -> RPCBus {
        try await connect(
            to: endpoints.map { BrokerAddress($0) }, role: role, host: host, instance: instance, log: log)
    }

    /// Asks and waits for the answer.
    ///
    /// Workers that are too old for the method get its ``RPCMethod/predecessor``, if there is one.
    ///
    /// - Parameter silence: how long the worker may be without a sign; a running handler gives one each 20 seconds.
    /// - Throws: what the handler threw; `noConsumer`, `unsupportedVersion`, `timeout`, `workerLost`, `queueFull`, `unavailable`, `tooLarge`;
    ///   `CancellationError` when the task is cancelled, and then the handler's task is cancelled too.
    public func call<M: RPCMethod>(
        _ method: M, to target: RPCTarget, context: RequestContext, timeout: Duration? = nil,
        silence: Duration = .seconds(60)
    ) async throws -> M.Response {
        let queue = Self.queue(target)
        let older = M.since > 0 ? method.predecessor : nil
        if let older, pins.isTooNew(M.since, of: M.topic, at: queue) {
            return try await call(older, to: target, context: context, timeout: timeout, silence: silence)
        }
        let header = Self.header(.call, M.self, queue, context)
        let body = RPCBody.encode(context, method)
        do {
            let answer = try await client.request(header, body: body, timeout: timeout ?? M.timeout, silence: silence)
            return try M.Response(decoding: answer)
        } catch let error as NovaError {
            guard error.code == .unsupportedVersion, let older else { throw error.during("\(M.topic).\(M.name)") }
            pins.refused(M.since, of: M.topic, at: queue)
            return try await call(older, to: target, context: context, timeout: timeout, silence: silence)
        }
    }

    /// Sends without an answer; returns once the broker has accepted the message.
    ///
    /// - Throws: `queueFull`, `unavailable` when no broker was reached within the method's time, `tooLarge`.
    public func cast<M: RPCMethod>(_ method: M, to target: RPCTarget, context: RequestContext) async throws {
        try await send(.cast, method, Self.queue(target), context)
    }

    /// Sends to every subscriber of a topic; returns once the broker has accepted the message.
    public func fanout<M: RPCMethod>(_ method: M, topic: String, context: RequestContext) async throws {
        try await send(.fanout, method, .fanout(topic), context)
    }

    /// Tells a broker of an HTTP request that has been answered: the first line of its trace.
    public func served(_ request: ServedRequest) {
        guard let trace = UUID128(request.id.dropFirst(4)) else { return }
        var header = MessageHeader(.span, id: MessageID(sender: 0, counter: 0))
        header.trace = trace
        header.interface = String(decoding: "\(request.verb) \(request.operation)".utf8.prefix(255), as: UTF8.self)
        header.method = UInt16(clamping: request.status)
        header.amount = UInt64(clamping: request.time.milliseconds)
        client.tell(header)
    }

    private func send<M: RPCMethod>(
        _ kind: MessageKind, _ method: M, _ queue: QueueName, _ context: RequestContext
    ) async throws {
        let header = Self.header(kind, M.self, queue, context)
        do {
            _ = try await client.request(header, body: RPCBody.encode(context, method), timeout: M.timeout)
        } catch let error as NovaError {
            throw error.during("\(M.topic).\(M.name)")
        }
    }

    private static func queue(_ target: RPCTarget) -> QueueName {
        switch target {
        case .topic(let topic): .topic(topic)
        case .host(let topic, let host): .host(topic, host)
        }
    }

    private static func header<M: RPCMethod>(
        _ kind: MessageKind, _ method: M.Type, _ queue: QueueName, _ context: RequestContext
    ) -> MessageHeader {
        var header = MessageHeader(kind, id: MessageID(sender: 0, counter: 0))
        header.queue = queue
        if M.topic != queue.topic { header.interface = M.topic }
        header.method = M.number
        header.since = M.since
        if M.isIdempotent { header.flags.insert(.idempotent) }
        if M.isBackground { header.flags.insert(.background) }
        if let trace = UUID128(context.requestID.dropFirst(4)) { header.trace = trace }
        return header
    }

    /// Answers the topic's queue (when `slots` > 0), the host's queue (when there is a host) and the topic's fanout.
    ///
    /// `slots` bounds how many messages of a queue run at once; a host's queue has 64 when it is 0. Returns once a broker
    /// knows, or after 5 seconds without one: then it is told as soon as it is there.
    public func serve(
        _ dispatcher: RPCDispatcher, topic: String, host: String?, slots: Int,
        missed: @escaping @Sendable (UInt64) -> Void = { _ in }
    ) async throws {
        let handler = handler(dispatcher)
        if slots > 0 { await register(.topic(topic), slots: slots, dispatcher, handler) }
        if let host { await register(.host(topic, host), slots: slots > 0 ? slots : 64, dispatcher, handler) }
        try await subscribe(dispatcher, fanout: topic, missed: missed)
    }

    /// Answers a topic's fanout only: one message after the other, in the order in which the broker sent them.
    ///
    /// `missed` is called with the number of messages that did not come, 0 when it is not known: what they told must be
    /// read anew. It must not wait.
    public func subscribe(
        _ dispatcher: RPCDispatcher, fanout topic: String, missed: @escaping @Sendable (UInt64) -> Void = { _ in }
    ) async throws {
        let (stream, input) = AsyncStream.makeStream(
            of: Delivery.self, bufferingPolicy: .bufferingOldest(Self.fanoutLimit))
        fanouts.withLock { $0.append(input) }
        let log = log
        // Unstructured: it lives until close() ends the stream.
        Task {
            for await delivery in stream {
                do {
                    _ = try await dispatcher.run(delivery)
                } catch {
                    log.error("fanout \(dispatcher.name(of: delivery.header)) failed: \(NovaError(error))")
                }
            }
        }
        await register(.fanout(topic), slots: 1, dispatcher, missed: missed) { delivery in
            if case .dropped = input.yield(delivery) {
                log.warning("fanout \(topic) overflowed: a message is lost")
                missed(1)
            }
            return {}
        }
    }

    private func register(
        _ queue: QueueName, slots: Int, _ dispatcher: RPCDispatcher,
        missed: @escaping @Sendable (UInt64) -> Void = { _ in }, _ handler: @escaping DeliveryHandler
    ) async {
        let isKnown = await client.serve(
            queue, slots: slots, versions: dispatcher.versions, within: Self.patience, missed: missed, handler)
        guard !isKnown else { return }
        log.warning("no broker knows yet that \(queue.kind) queue \(queue) is served here; trying on")
    }

    private func handler(_ dispatcher: RPCDispatcher) -> DeliveryHandler {
        { [client, log] delivery in
            // Unstructured: it lives as long as the message; the broker's CANCEL and the client's end cancel it.
            let task = Task {
                let id = delivery.header.id
                do {
                    let answer = try await dispatcher.run(delivery)
                    client.settle(id, .success(delivery.header.kind == .call ? answer : []))
                } catch {
                    let error = NovaError(error)
                    if delivery.header.kind == .cast {
                        log.error("cast \(dispatcher.name(of: delivery.header)) failed: \(error)")
                    }
                    client.settle(id, .failure(error))
                }
            }
            return { task.cancel() }
        }
    }

    /// Tells an observer how the connection is, now and after each change; it must not wait.
    public func watch(_ observer: @escaping @Sendable (QueueConnection) -> Void) { client.watch(observer) }

    /// Ends as if the process had been killed: nobody is told, and no answer is sent any more.
    ///
    /// For tests.
    public func vanish() async {
        await client.vanish()
        for input in fanouts.withLock({ $0 }) { input.finish() }
    }

    /// Takes no more work, lets the running handlers finish (up to 30 seconds), and says goodbye.
    public func close() async {
        await client.close(within: .seconds(30))
        for input in fanouts.withLock({ $0 }) { input.finish() }
    }
}
