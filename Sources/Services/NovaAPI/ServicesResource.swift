import NovaCore
import NovaDatabase
import NovaHTTP
import NovaModel
import NovaSchema
import NovaStore

/// `/os-services` (`spec/compute-api.md`).
struct ServicesResource: Sendable {
    let parts: APIParts

    var operations: [Operation] {
        [
            Operation(
                .get, "/os-services", name: "os_compute_api:os-services:list", policy: "rule:context_is_admin",
                summary: "Lists daemons.", list)
        ]
    }

    /// A daemon is up when it has reported of late, and unless the broker knows already that it is gone.
    private func list(_ request: APIRequest) async throws -> APIResponse {
        // Without a broker the times of the last reports have to do.
        let live = try? await parts.liveness.liveQueues()
        let oldest = Timestamp.now().adding(seconds: -parts.serviceDownTime)
        let (services, hosts) = try await parts.database.read { connection in
            (try HostTable(connection).services(), try HostTable(connection).list())
        }
        let wanted = services.filter { service in
            (request.query("host").map { $0 == service.host } ?? true)
                && (request.query("binary").map { $0 == service.binary } ?? true)
        }
        return .written(200) { writer in
            writer.object { writer in
                writer.field(
                    "services",
                    array: { writer in
                        for service in wanted {
                            let host = hosts.first {
                                $0.resources.host == service.host && service.binary == "nova-compute"
                            }
                            let isUp =
                                service.updatedAt > oldest && !service.isForcedDown
                                && live?.contains("\(service.topic).\(service.host)") ?? true
                            writer.object { writer in
                                if request.atLeast(53) {
                                    writer.field("id", service.id.description)
                                } else {
                                    writer.field("id", service.sequence)
                                }
                                writer.field("binary", service.binary)
                                writer.field("host", service.host)
                                writer.field("zone", service.zone)
                                writer.field("status", host?.isDisabled ?? service.isDisabled ? "disabled" : "enabled")
                                writer.field("state", isUp ? "up" : "down")
                                writer.field("updated_at", service.updatedAt.iso8601Micro)
                                writer.field("disabled_reason", host?.disabledReason ?? service.disabledReason)
                                if request.atLeast(11) { writer.field("forced_down", service.isForcedDown) }
                            }
                        }
                    })
            }
        }
    }
}
