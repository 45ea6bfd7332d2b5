import Logging
import NovaCore
import NovaMessaging
import NovaRPC
import NovaWire
import Synchronization
import Testing

@Suite("Queue over ZeroMQ", .timeLimit(.minutes(2)))
struct QueueTests {
    static let endpoints = ["inproc", "tcp://127.0.0.1:*"]
    static func endpoint(_ kind: String) -> String { kind == "inproc" ? QueueRig.inProcessEndpoint() : kind }
    let context = RequestContext(userID: UserID("u"), projectID: ProjectID("p"), roles: ["member"])

    @Test("calls, casts, fanout and errors reach the other side", arguments: endpoints)
    func roundTrip(kind: String) async throws {
        try await QueueRig.withBroker(Self.endpoint(kind)) { endpoint in
            let server = try await QueueRig.bus(endpoint, role: "server")
            let client = try await QueueRig.bus(endpoint, role: "client")
            let heard = Signal()
            var dispatcher = RPCDispatcher()
            dispatcher.on(Echo.self) { echo, call in
                #expect(call.principal == Principal(role: "client", host: "h1", instance: "1"))
                #expect(RequestContext.current?.projectID == ProjectID("p"))
                if echo.text == "fail" { throw NovaError(.conflict, "The thing is busy.", details: "d") }
                heard.fire(echo.text)
                return Echo(echo.text + "!")
            }
            try await server.serve(dispatcher, topic: "echo", host: "h7", slots: 4)
            let answer = try await client.call(Echo("hi"), to: .topic("echo"), context: context)
            #expect(answer.text == "hi!")
            #expect(try await heard.wait() == "hi")
            #expect(try await client.call(Echo("you"), to: .host("echo", "h7"), context: context).text == "you!")
            #expect(try await heard.wait() == "you")
            try await client.cast(Echo("cast"), to: .topic("echo"), context: context)
            #expect(try await heard.wait() == "cast")
            try await client.fanout(Echo("all"), topic: "echo", context: context)
            #expect(try await heard.wait() == "all")

            let conflict = await #expect(throws: NovaError.self) {
                try await client.call(Echo("fail"), to: .topic("echo"), context: context)
            }
            #expect(conflict?.code == .conflict)
            #expect(conflict?.message == "The thing is busy.")
            let unknown = await #expect(throws: NovaError.self) {
                try await client.call(Unserved(), to: .topic("echo"), context: context)
            }
            #expect(unknown?.code == .notImplemented)
            let nobody = await #expect(throws: NovaError.self) {
                try await client.call(Echo("x"), to: .host("echo", "other"), context: context)
            }
            #expect(nobody?.code == .noConsumer)
            let large = await #expect(throws: NovaError.self) {
                try await client.call(
                    Echo(String(repeating: "x", count: 1 << 20)), to: .topic("echo"), context: context)
            }
            #expect(large?.code == .tooLarge)

            let queues = try await client.queues()
            #expect(queues.contains { $0.kind == "topic" && $0.name == "echo" && $0.consumers == 1 && $0.credit == 4 })
            #expect(try await client.peers().map(\.role).sorted() == ["client", "server"])
            await client.close()
            await server.close()
        }
    }

    @Test("a call ends at its time, and its handler is cancelled", arguments: endpoints)
    func timeout(kind: String) async throws {
        try await slow(kind) { client in
            let error = await #expect(throws: NovaError.self) {
                try await client.call(Echo("x"), to: .topic("echo"), context: context, timeout: .milliseconds(100))
            }
            #expect(error?.code == .timeout)
        }
    }

    @Test("cancelling the caller's task cancels the handler's", arguments: endpoints)
    func cancellation(kind: String) async throws {
        try await slow(kind) { client in
            let call = Task { try await client.call(Echo("x"), to: .topic("echo"), context: context) }
            _ = try await Self.started.wait("start")
            call.cancel()
            await #expect(throws: CancellationError.self) { try await call.value }
        }
    }

    @TaskLocal static var started = Signal()

    /// A server whose handler only ends by cancellation; waits until it has.
    private func slow(_ kind: String, _ body: @escaping @Sendable (RPCBus) async throws -> Void) async throws {
        let started = Signal()
        let cancelled = Signal()
        try await QueueRig.withBroker(Self.endpoint(kind)) { endpoint in
            let server = try await QueueRig.bus(endpoint, role: "server")
            let client = try await QueueRig.bus(endpoint, role: "client")
            var dispatcher = RPCDispatcher()
            dispatcher.on(Echo.self) { echo, _ in
                started.fire()
                do { try await Task.sleep(for: .seconds(60)) } catch { cancelled.fire() }
                return echo
            }
            try await server.serve(dispatcher, topic: "echo", host: nil, slots: 1)
            try await Self.$started.withValue(started) { try await body(client) }
            _ = try await cancelled.wait("cancel")
            await client.close()
            await server.close()
        }
    }

    @Test(
        "a broker that is replaced under a running call: the answer comes, and the handler ran once",
        arguments: endpoints)
    func restart(kind: String) async throws {
        let started = Signal()
        let finish = Signal()
        let runs = Atomic<Int>(0)
        var endpoint = Self.endpoint(kind)
        var buses: [RPCBus] = []
        var call: Task<Echo, any Error>?
        try await QueueRig.withBroker(endpoint) { bound in
            endpoint = bound
            let server = try await QueueRig.bus(bound, role: "server")
            let client = try await QueueRig.bus(bound, role: "client")
            buses = [server, client]
            var dispatcher = RPCDispatcher()
            dispatcher.on(Echo.self) { echo, _ in
                if echo.text == "short" { return Echo("new") }
                runs.add(1, ordering: .relaxed)
                started.fire()
                _ = try await finish.wait("finish")
                return Echo("done")
            }
            try await server.serve(dispatcher, topic: "echo", host: nil, slots: 2)
            call = Task { [context] in try await client.call(Echo("long"), to: .topic("echo"), context: context) }
            _ = try await started.wait("start")
        }
        try await QueueRig.withBroker(endpoint) { [buses, call] _ in
            let answer = try await buses[1].call(Echo("short"), to: .topic("echo"), context: context)
            #expect(answer.text == "new")
            finish.fire()
            #expect(try await call?.value.text == "done")
            #expect(runs.load(ordering: .relaxed) == 1)
            for bus in buses { await bus.close() }
        }
    }

    @Test("a host that is absent gets its casts when it comes")
    func lateHost() async throws {
        try await QueueRig.withBroker(QueueRig.inProcessEndpoint()) { endpoint in
            let client = try await QueueRig.bus(endpoint)
            try await client.cast(Echo("early"), to: .host("echo", "late"), context: context)
            let heard = Signal()
            var dispatcher = RPCDispatcher()
            dispatcher.on(Echo.self) { echo, _ in
                heard.fire(echo.text)
                return echo
            }
            let server = try await QueueRig.bus(endpoint)
            try await server.serve(dispatcher, topic: "echo", host: "late", slots: 0)
            #expect(try await heard.wait() == "early")
            await client.close()
            await server.close()
        }
    }

    @Test("slots bound what runs at once")
    func slots() async throws {
        try await QueueRig.withBroker(QueueRig.inProcessEndpoint()) { endpoint in
            let server = try await QueueRig.bus(endpoint)
            let client = try await QueueRig.bus(endpoint)
            let running = Mutex((now: 0, most: 0))
            var dispatcher = RPCDispatcher()
            dispatcher.on(Echo.self) { echo, _ in
                running.withLock {
                    $0.now += 1
                    $0.most = max($0.most, $0.now)
                }
                for _ in 0..<20 { await Task.yield() }
                running.withLock { $0.now -= 1 }
                return echo
            }
            try await server.serve(dispatcher, topic: "echo", host: nil, slots: 3)
            try await withThrowingTaskGroup(of: Void.self) { group in
                for index in 0..<200 {
                    group.addTask { [context] in
                        let answer = try await client.call(Echo("\(index)"), to: .topic("echo"), context: context)
                        #expect(answer.text == "\(index)")
                    }
                }
                try await group.waitForAll()
            }
            #expect(running.withLock { $0.most } <= 3)
            await client.close()
            await server.close()
        }
    }
}
