import NovaCore
import NovaDatabase
import NovaModel
import NovaStore

/// The cloud's daemons with what operators and the broker say of them.
struct DaemonList: Sendable {
    struct Daemon: Sendable {
        var service: ServiceRecord
        /// The compute host, for `nova-compute`.
        var host: HostRecord?
        var zone: String
        /// It has reported of late, unless the broker knows already that it is gone or an operator says so.
        var isUp: Bool

        var isCompute: Bool { service.binary == "nova-compute" }
        var isEnabled: Bool { !(host?.isDisabled ?? service.isDisabled) }
        var disabledReason: String? { host?.disabledReason ?? service.disabledReason ?? host?.downReason }
    }

    let daemons: [Daemon]

    /// All of them as they are now.
    static func load(_ parts: APIParts) async throws -> DaemonList {
        // Without a broker the times of the last reports have to do.
        let live = try? await parts.liveness.liveQueues()
        let oldest = Timestamp.now().adding(seconds: -parts.serviceDownTime)
        let (services, hosts, zones) = try await parts.database.scan { connection in
            let table = HostTable(connection)
            return (try table.services(), try table.list(), try AggregateTable(connection).zones())
        }
        let records = Dictionary(hosts.map { ($0.resources.host, $0) }) { a, _ in a }
        return DaemonList(
            daemons: services.map { service in
                let host = service.binary == "nova-compute" ? records[service.host] : nil
                let isForcedDown = service.isForcedDown || host?.isForcedDown == true
                return Daemon(
                    service: service, host: host,
                    zone: host.map { zones.zone(of: $0.resources) } ?? service.zone,
                    isUp: service.updatedAt > oldest && !isForcedDown
                        && live?.contains("\(service.topic).\(service.host)") ?? true)
            })
    }
}
