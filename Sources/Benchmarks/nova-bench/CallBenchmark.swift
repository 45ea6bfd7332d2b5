import Logging
import NovaCore
import NovaInterfaces
import NovaMessaging
import NovaRPC

/// Calls of 256 bytes there and back, one after the other, through a broker of ours.
///
/// Caller and worker have a connection each. The method is one of the cloud's own, so that all is in it that a service
/// pays: codec, dispatch, tasks.
struct CallBenchmark {
    private static let warmUp = 500
    private static let count = 5_000
    private static let rounds = 3

    var p50 = Double.infinity
    var p99 = Double.infinity
    /// CPU of caller, broker and worker together for one call.
    var cpu = Double.infinity

    /// Measures at an endpoint; the round with the lowest median counts.
    static func run(at endpoint: String) async throws -> CallBenchmark {
        let log = Logger(label: "nova-bench", factory: { _ in SwiftLogNoOpLogHandler() })
        let broker = try QueueBroker(endpoints: [endpoint], roles: .unrestricted, log: log)
        guard let address = broker.boundEndpoints.first else {
            throw NovaError(.internal, "The broker has no endpoint.")
        }
        // Unstructured: it lives until stop(), below.
        let running = Task { try await broker.run() }
        do {
            let worker = try await RPCBus.connect(to: [address], role: "worker", host: "h1", instance: "1", log: log)
            var dispatcher = RPCDispatcher()
            let answer = ComputeConsoleOutput.Response(String(repeating: "x", count: 252))
            dispatcher.on(ComputeConsoleOutput.self) { _, _ in answer }
            try await worker.serve(dispatcher, topic: ComputeConsoleOutput.topic, host: nil, slots: 8)
            let caller = try await RPCBus.connect(to: [address], role: "caller", host: "h1", instance: "2", log: log)
            var best = CallBenchmark()
            for _ in 0..<rounds {
                let round = try await self.round(caller)
                if round.p50 < best.p50 { best = round }
            }
            await caller.close()
            await worker.close()
            broker.stop()
            try await running.value
            return best
        } catch {
            broker.stop()
            try await running.value
            throw error
        }
    }

    private static func round(_ caller: RPCBus) async throws -> CallBenchmark {
        // One long role brings the body to 256 bytes: 108 and the role for the context, 20 for the method.
        let roles = ["admin", "manager", "member", "reader", String(repeating: "x", count: 128)]
        let context = RequestContext(userID: .random(), projectID: .random(), roles: roles, isAdmin: true)
        let server = ServerID.random()
        let target = RPCTarget.topic(ComputeConsoleOutput.topic)
        var times: [Double] = []
        times.reserveCapacity(count)
        var start = 0.0
        for number in -warmUp..<count {
            if number == 0 { start = Measure.processCPU() }
            let before = Measure.wall()
            _ = try await caller.call(ComputeConsoleOutput(server, lines: 20), to: target, context: context)
            if number >= 0 { times.append((Measure.wall() - before) / 1_000) }
        }
        var result = CallBenchmark()
        result.cpu = (Measure.processCPU() - start) / 1_000 / Double(count)
        times.sort()
        result.p50 = Measure.percentile(times, 0.5)
        result.p99 = Measure.percentile(times, 0.99)
        return result
    }
}
