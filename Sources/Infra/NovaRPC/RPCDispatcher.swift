import NovaCore
import NovaMessaging
import NovaWire

/// The methods that a service answers.
public struct RPCDispatcher: Sendable {
    private struct Key: Hashable {
        var interface: String
        var number: UInt16
    }
    private struct Entry {
        var name: String
        var run: @Sendable ([UInt8], Deadline, Principal) async throws -> [UInt8]
        var timeout: Duration
    }
    private var entries: [Key: Entry] = [:]
    /// The newest minor version of each interface that is answered.
    private(set) var versions: [String: UInt16] = [:]
    /// The method of every worker that answers at once (`queue`, number 1).
    static let pingNumber: UInt16 = 1

    public init() {}

    /// Answers a method with a handler; a later handler of the same method takes the place of an earlier one.
    ///
    /// What the handler throws goes to the caller as a ``NovaError``. Its task is cancelled when the caller gives up.
    public mutating func on<M: RPCMethod>(
        _ method: M.Type, _ handler: @escaping @Sendable (M, RPCCall) async throws -> M.Response
    ) {
        let run: @Sendable ([UInt8], Deadline, Principal) async throws -> [UInt8] = { body, deadline, principal in
            let (context, request) = try RPCBody.decode(M.self, body)
            let call = RPCCall(context: context, deadline: deadline, principal: principal)
            return try await RequestContext.$current.withValue(context) { try await handler(request, call).encoded() }
        }
        versions[M.topic] = max(versions[M.topic] ?? 0, M.since)
        entries[Key(interface: M.topic, number: M.number)] = Entry(name: M.name, run: run, timeout: M.timeout)
    }

    /// The name of the method that a message asks for, for logs.
    func name(of header: MessageHeader) -> String {
        entries[Self.key(header)]?.name
            ?? "\(header.interface.isEmpty ? header.queue.topic : header.interface) #\(header.method)"
    }

    /// Runs a message's handler and answers the response's bytes.
    func run(_ delivery: Delivery) async throws -> [UInt8] {
        let header = delivery.header
        if header.interface == QueueStatus.interface, header.method == Self.pingNumber { return [] }
        guard let entry = entries[Self.key(header)] else {
            throw NovaError(
                .notImplemented, "The service does not know this request.", details: "method \(name(of: header))")
        }
        // A call's time is what its caller has left; a cast's begins when it is taken.
        let time = header.kind == .call ? Duration.milliseconds(header.remaining) : entry.timeout
        let sender = header.principal
        let principal = Principal(role: sender.role, host: sender.host, instance: sender.instance)
        return try await entry.run(delivery.body, .after(time), principal)
    }

    private static func key(_ header: MessageHeader) -> Key {
        Key(interface: header.interface.isEmpty ? header.queue.topic : header.interface, number: header.method)
    }
}
