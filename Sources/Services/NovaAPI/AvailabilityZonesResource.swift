import NovaCore
import NovaDatabase
import NovaHTTP
import NovaModel
import NovaSchema
import NovaStore

/// `/os-availability-zone` (`spec/compute-api.md`).
struct AvailabilityZonesResource: Sendable {
    private static let internalZone = "internal"
    let parts: APIParts

    var operations: [Operation] {
        [
            Operation(
                .get, "/os-availability-zone", name: "os_compute_api:os-availability-zone:list", query: Queries.none,
                policy: Rules.anyone, summary: "Lists availability zones."
            ) { _ in try await list(isFull: false) },
            Operation(
                .get, "/os-availability-zone/detail", name: "os_compute_api:os-availability-zone:detail",
                query: Queries.none, policy: Rules.admin, summary: "Lists availability zones with their hosts."
            ) { _ in try await list(isFull: true) },
        ]
    }

    private func list(isFull: Bool) async throws -> APIResponse {
        let all = try await DaemonList.load(parts).daemons
        // A zone that only has hosts which take no servers is not available.
        let open = Set(all.filter { $0.isCompute && $0.isEnabled }.map(\.zone))
        let known = Set(all.filter { isFull || $0.isCompute }.map(\.zone))
        let names = known.union([Aggregate.defaultZone]).sorted {
            // As the original: available ones first, those of the cloud itself among them.
            ($0 == Self.internalZone ? 0 : 1, $0) < ($1 == Self.internalZone ? 0 : 1, $1)
        }
        return .written(200) { writer in
            writer.object { writer in
                writer.field(
                    "availabilityZoneInfo",
                    array: { writer in
                        for name in names {
                            let isAvailable = open.contains(name) || name == Self.internalZone || known.isEmpty
                            writer.object { writer in
                                writer.field("zoneName", name)
                                writer.field("zoneState", object: { $0.field("available", isAvailable) })
                                guard isFull, isAvailable else { return writer.null("hosts") }
                                writer.field(
                                    "hosts", object: { write(all.filter { $0.zone == name }, to: &$0) })
                            }
                        }
                    })
            }
        }
    }

    private func write(_ daemons: [DaemonList.Daemon], to writer: inout JSONWriter) {
        for host in Set(daemons.map(\.service.host)).sorted() {
            writer.field(
                host,
                object: { writer in
                    for daemon in daemons where daemon.service.host == host && daemon.isEnabled {
                        writer.field(
                            daemon.service.binary,
                            object: { writer in
                                writer.field("available", daemon.isUp)
                                writer.field("active", daemon.isEnabled)
                                writer.field("updated_at", daemon.service.updatedAt.iso8601Micro)
                            })
                    }
                })
        }
    }
}
