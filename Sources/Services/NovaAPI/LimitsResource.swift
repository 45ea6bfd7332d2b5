import NovaCore
import NovaDatabase
import NovaHTTP
import NovaModel
import NovaSchema
import NovaStore

/// `/limits` and `/os-availability-zone` (`spec/compute-api.md`).
struct LimitsResource: Sendable {
    let parts: APIParts

    var operations: [Operation] {
        [
            Operation(
                .get, "/limits", name: "os_compute_api:limits", policy: "@", summary: "Shows the project's limits.",
                limits),
            Operation(
                .get, "/os-availability-zone", name: "os_compute_api:os-availability-zone:list", policy: "@",
                summary: "Lists availability zones.", zones),
        ]
    }

    private func limits(_ request: APIRequest) async throws -> APIResponse {
        let caller = try request.caller
        let named = caller.isAdmin ? request.query("tenant_id").map { ProjectID($0) } : nil
        let project = try named ?? request.project
        let usage = try await parts.database.read { try ServerTable($0).usage(of: project) }
        let quota = parts.quota
        let isUnlimited = named == nil && quota.isUnlimited(caller.projectName)
        func limit(_ value: Int64) -> Int64 { isUnlimited ? -1 : value }
        return .written(200) { writer in
            writer.object { writer in
                writer.field(
                    "limits",
                    object: { writer in
                        writer.field("rate", array: { _ in })
                        writer.field(
                            "absolute",
                            object: { writer in
                                writer.field("maxTotalInstances", limit(quota.instances))
                                writer.field("maxTotalCores", limit(quota.cores))
                                writer.field("maxTotalRAMSize", limit(quota.memoryMB))
                                writer.field("maxTotalKeypairs", quota.keyPairs)
                                writer.field("maxServerMeta", quota.metadataItems)
                                if !request.atLeast(39) { writer.field("maxImageMeta", quota.metadataItems) }
                                if !request.atLeast(57) {
                                    writer.field("maxPersonality", 0)
                                    writer.field("maxPersonalitySize", 0)
                                }
                                writer.field("maxServerGroups", 10)
                                writer.field("maxServerGroupMembers", 10)
                                writer.field("totalInstancesUsed", usage.servers)
                                writer.field("totalCoresUsed", usage.cores)
                                writer.field("totalRAMUsed", usage.memoryMB)
                                writer.field("totalServerGroupsUsed", 0)
                            })
                    })
            }
        }
    }

    private func zones(_ request: APIRequest) async throws -> APIResponse {
        let hosts = try await parts.database.read { try HostTable($0).list() }
        let names = Set(hosts.map(\.resources.availabilityZone)).union(["nova"]).sorted()
        return .written(200) { writer in
            writer.object { writer in
                writer.field(
                    "availabilityZoneInfo",
                    array: { writer in
                        for name in names {
                            writer.object { writer in
                                writer.field("zoneName", name)
                                writer.field("zoneState", object: { $0.field("available", true) })
                                writer.null("hosts")
                            }
                        }
                    })
            }
        }
    }
}
