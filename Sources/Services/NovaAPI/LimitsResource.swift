import NovaCore
import NovaDatabase
import NovaHTTP
import NovaModel
import NovaSchema
import NovaStore

/// `/limits` (`spec/compute-api.md`).
struct LimitsResource: Sendable {
    private static let otherProject = "os_compute_api:limits:other_project"
    let parts: APIParts

    var operations: [Operation] {
        [
            Operation(
                .get, "/limits", name: "os_compute_api:limits", query: Queries.of(["tenant_id": .string]),
                policy: Rules.anyone, summary: "Shows a project's limits and what it uses of them.", limits)
        ]
    }

    private func limits(_ request: APIRequest) async throws -> APIResponse {
        let caller = try request.caller
        let named = request.query("tenant_id").map { ProjectID($0) }
        if let named, named != caller.projectID, !caller.isAdmin {
            throw NovaError(.forbidden, "Policy doesn't allow \(Self.otherProject) to be performed.")
        }
        let project = try named ?? request.project
        let quota = parts.quota
        let (known, used) = try await parts.database.read { connection in
            (try quota.limits(of: project, connection), try QuotaUsage.count(of: project, user: nil, connection))
        }
        var limits = known
        if named == nil, quota.isUnlimited(caller.projectName) {
            for resource in [QuotaResource.instances, .cores, .ram] { limits[resource] = -1 }
        }
        return .written(200) { [limits] writer in
            writer.object { writer in
                writer.field(
                    "limits",
                    object: { writer in
                        writer.field("rate", array: { _ in })
                        writer.field("absolute", object: { write(limits, used, request, to: &$0) })
                    })
            }
        }
    }

    private func write(
        _ limits: QuotaLimits, _ used: [QuotaResource: Int64], _ request: APIRequest, to writer: inout JSONWriter
    ) {
        writer.field("maxTotalInstances", limits[.instances])
        writer.field("maxTotalCores", limits[.cores])
        writer.field("maxTotalRAMSize", limits[.ram])
        writer.field("maxTotalKeypairs", limits[.keyPairs])
        writer.field("maxServerMeta", limits[.metadataItems])
        writer.field("maxServerGroups", limits[.serverGroups])
        writer.field("maxServerGroupMembers", limits[.serverGroupMembers])
        if !request.atLeast(36) {
            writer.field("maxSecurityGroups", limits[.securityGroups])
            writer.field("maxSecurityGroupRules", limits[.securityGroupRules])
            writer.field("maxTotalFloatingIps", limits[.floatingIPs])
            writer.field("totalSecurityGroupsUsed", 0)
            writer.field("totalFloatingIpsUsed", 0)
        }
        if !request.atLeast(39) { writer.field("maxImageMeta", limits[.metadataItems]) }
        if !request.atLeast(57) {
            writer.field("maxPersonality", limits[.injectedFiles])
            writer.field("maxPersonalitySize", limits[.injectedFileContentBytes])
        }
        writer.field("totalInstancesUsed", used[.instances] ?? 0)
        writer.field("totalCoresUsed", used[.cores] ?? 0)
        writer.field("totalRAMUsed", used[.ram] ?? 0)
        writer.field("totalServerGroupsUsed", used[.serverGroups] ?? 0)
    }
}
