import NovaCore
import NovaMessaging
import NovaRPC
import Testing

@Suite("Operators' questions to brokers", .timeLimit(.minutes(1)))
struct OperatorTests {
    @Test("any broker that answers is enough, and the others cost little")
    func deadBroker() async throws {
        try await QueueRig.withBroker(QueueRig.inProcessEndpoint()) { living in
            let bus = try await RPCBus.connect(
                to: [living, QueueRig.inProcessEndpoint()], role: "admin", host: "h", instance: "1", log: QueueRig.log)
            try await bus.serve(RPCDispatcher(), topic: "t", host: nil, slots: 1)
            let start = ContinuousClock.now
            let queues = try await bus.queues()
            #expect(.now - start < .seconds(3))
            #expect(queues.filter { $0.kind == "topic" }.map(\.name) == ["t"])
            #expect(queues.allSatisfy { $0.broker == living })
            let peers = try await bus.peers()
            #expect(peers.map(\.serves) == [["fanout t", "topic t"]])
            await bus.close()
        }
    }

    @Test("two brokers are asked, and their rows put together")
    func twoBrokers() async throws {
        try await QueueRig.withBroker(QueueRig.inProcessEndpoint()) { one in
            try await QueueRig.withBroker(QueueRig.inProcessEndpoint()) { other in
                let bus = try await RPCBus.connect(
                    to: [one, other], role: "admin", host: "h", instance: "1", log: QueueRig.log)
                try await bus.serve(RPCDispatcher(), topic: "t", host: "h", slots: 3)
                // The second broker may be met later: wait until both know the worker and one has its slots.
                let limit = Deadline.after(.seconds(20))
                var host: QueueOverview?
                repeat {
                    host = QueueOverview.list(try await bus.queues()).first { $0.total.kind == "host" }
                } while (host?.parts.count != 2 || host?.total.credit != 3) && !limit.hasPassed
                #expect(host?.total.consumers == 1)
                #expect(host?.total.credit == 3)
                let home = try #require(host).total.broker
                #expect(host?.parts.first { $0.credit == 3 }?.broker == home)
                _ = try await bus.ping(.host("t", "h"))
                #expect(MethodStatus.merged(try await bus.methods()).first?.waiting.reduce(0, +) == 1)
                await bus.close()
            }
        }
    }
}
