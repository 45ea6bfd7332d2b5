import NovaCore
import NovaRPC
import NovaWire

/// Does work, and writes down when each begins and ends.
struct Worker {
    let log: EventLog

    var dispatcher: RPCDispatcher {
        var dispatcher = RPCDispatcher()
        add(WorkOnce.self, to: &dispatcher)
        add(WorkAgain.self, to: &dispatcher)
        return dispatcher
    }

    private func add<M: Work>(_ method: M.Type, to dispatcher: inout RPCDispatcher) {
        dispatcher.on(method) { [log] work, call in
            let id = call.context.requestID.dropFirst(4)
            log.write("run \(id)")
            do {
                try await Task.sleep(for: .milliseconds(work.time))
            } catch {
                log.write("end \(id) cancelled")
                throw error
            }
            log.write("end \(id) done")
            return Nothing()
        }
    }
}
