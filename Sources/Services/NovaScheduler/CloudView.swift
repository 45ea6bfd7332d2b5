import NovaCore
import NovaInterfaces
import NovaMessaging
import NovaModel
import NovaRPC

/// What the scheduler asks of the other services: the queue in a daemon, a script in a test.
protocol CloudView: Sendable {
    /// All hosts and aggregates, from the conductor.
    func hosts() async throws -> HostList.Response
    /// The names of the hosts whose queue is served.
    func aliveHosts() async throws -> Set<String>
    /// Providers that changed.
    func snapshot(after: Int64) async throws -> PlacementSnapshot.Response
    /// A claim; throws `conflict` when the resources are not there.
    func claim(_ claim: PlacementClaim, context: RequestContext) async throws -> PlacementClaim.Response
}

/// The other services over the queue.
struct RemoteCloudView: CloudView {
    private static let hostQueuePrefix = "compute."
    private static let timeout = Duration.seconds(10)
    let bus: RPCBus

    /// Both answers serve all requests, so they are asked for with the service's own rights; the request that had to
    /// wait for them is the one whose trace shows it.
    private static var context: RequestContext {
        RequestContext(requestID: RequestContext.current?.requestID ?? RequestContext.newRequestID(), isAdmin: true)
    }

    func hosts() async throws -> HostList.Response {
        try await bus.call(HostList(), to: .topic(HostList.topic), context: Self.context, timeout: Self.timeout)
    }

    func aliveHosts() async throws -> Set<String> {
        let served = try await bus.queues().filter {
            $0.kind == "host" && $0.consumers > 0 && $0.name.hasPrefix(Self.hostQueuePrefix)
        }
        return Set(served.map { String($0.name.dropFirst(Self.hostQueuePrefix.count)) })
    }

    func snapshot(after: Int64) async throws -> PlacementSnapshot.Response {
        try await bus.call(
            PlacementSnapshot(after: after), to: .topic(PlacementSnapshot.topic), context: Self.context,
            timeout: Self.timeout)
    }

    func claim(_ claim: PlacementClaim, context: RequestContext) async throws -> PlacementClaim.Response {
        try await bus.call(claim, to: .topic(PlacementClaim.topic), context: context, timeout: Self.timeout)
    }
}
