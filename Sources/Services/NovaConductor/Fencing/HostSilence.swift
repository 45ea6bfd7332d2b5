import NovaCore
import NovaInterfaces
import NovaRPC

/// Asks compute hosts for a sign of life.
struct HostSilence: Sendable {
    let bus: RPCBus

    /// Whether a host's compute service says anything at all.
    ///
    /// - Throws: ``NovaError`` `unavailable` when nobody can be asked, which is no silence.
    func isBroken(by host: String, _ context: RequestContext) async throws -> Bool {
        do {
            _ = try await bus.call(ComputePing(), to: .host(ComputePing.topic, host), context: context)
            return true
        } catch {
            let error = NovaError(error)
            switch error.code {
            // A host whose power is gone cannot close its connection: its queue is there for a while.
            case .noConsumer, .timeout, .workerLost: return false
            case .unavailable, .queueFull, .cancelled: throw error
            default: return true
            }
        }
    }
}
