import NovaCore
import NovaHTTP
import NovaSchema

/// `/extensions`: the optional parts that old clients look for (`spec/compute-api.md`, "versions").
enum ExtensionsResource {
    static let operations: [Operation] = [
        Operation(
            .get, "/extensions", name: "os_compute_api:extensions", query: Queries.none, policy: Rules.anyone,
            summary: "Lists extensions."
        ) { _ in
            .written(200) { writer in
                writer.object { writer in
                    writer.field(
                        "extensions",
                        array: { writer in for (alias, name) in all { write(alias, name, to: &writer) } })
                }
            }
        },
        Operation(
            .get, "/extensions/{id}", name: "os_compute_api:extensions", query: Queries.none, policy: Rules.anyone,
            summary: "Shows an extension."
        ) { request in
            let wanted = try request.parameter("id")
            guard let (alias, name) = all.first(where: { $0.0 == wanted }) else {
                throw NovaError(.notFound, "The resource could not be found.")
            }
            return .written(200) { writer in
                writer.object { writer in
                    writer.key("extension")
                    write(alias, name, to: &writer)
                }
            }
        },
    ]

    private static func write(_ alias: String, _ name: String, to writer: inout JSONWriter) {
        writer.object { writer in
            writer.field("alias", alias)
            writer.field("name", name)
            writer.field("description", "")
            writer.field("namespace", "http://docs.openstack.org/compute/ext/fake_xml")
            writer.field("updated", "2014-12-03T00:00:00Z")
            writer.field("links", array: { _ in })
        }
    }

    private static let all: [(String, String)] = [
        ("NMN", "Multinic"), ("OS-DCF", "DiskConfig"), ("OS-EXT-AZ", "ExtendedAvailabilityZone"),
        ("OS-EXT-IMG-SIZE", "ImageSize"), ("OS-EXT-IPS", "ExtendedIps"), ("OS-EXT-IPS-MAC", "ExtendedIpsMac"),
        ("OS-EXT-SRV-ATTR", "ExtendedServerAttributes"), ("OS-EXT-STS", "ExtendedStatus"),
        ("OS-FLV-DISABLED", "FlavorDisabled"), ("OS-FLV-EXT-DATA", "FlavorExtraData"),
        ("OS-SCH-HNT", "SchedulerHints"), ("OS-SRV-USG", "ServerUsage"), ("os-access-ips", "AccessIPs"),
        ("os-admin-actions", "AdminActions"), ("os-admin-password", "AdminPassword"), ("os-aggregates", "Aggregates"),
        ("os-attach-interfaces", "AttachInterfaces"), ("os-availability-zone", "AvailabilityZone"),
        ("os-config-drive", "ConfigDrive"), ("os-console-output", "ConsoleOutput"),
        ("os-consoles", "Consoles"), ("os-console-auth-tokens", "ConsoleAuthTokens"),
        ("os-create-backup", "CreateBackup"),
        ("os-deferred-delete", "DeferredDelete"), ("os-evacuate", "Evacuate"), ("os-extended-quotas", "ExtendedQuotas"),
        ("os-extended-volumes", "ExtendedVolumes"), ("os-flavor-access", "FlavorAccess"),
        ("os-flavor-extra-specs", "FlavorExtraSpecs"), ("os-flavor-manage", "FlavorManage"),
        ("os-floating-ips", "FloatingIps"), ("os-hosts", "Hosts"), ("os-hypervisors", "Hypervisors"),
        ("os-instance-actions", "InstanceActions"), ("os-keypairs", "Keypairs"), ("os-lock-server", "LockServer"),
        ("os-migrate-server", "MigrateServer"), ("os-migrations", "Migrations"), ("os-networks", "Networks"),
        ("os-pause-server", "PauseServer"), ("os-quota-class-sets", "QuotaClasses"), ("os-quota-sets", "Quotas"),
        ("os-remote-consoles", "RemoteConsoles"), ("os-rescue", "Rescue"), ("os-security-groups", "SecurityGroups"),
        ("os-server-diagnostics", "ServerDiagnostics"), ("os-server-external-events", "ServerExternalEvents"),
        ("os-server-groups", "ServerGroups"), ("os-server-password", "ServerPassword"), ("os-services", "Services"),
        ("os-shelve", "Shelve"), ("os-simple-tenant-usage", "SimpleTenantUsage"),
        ("os-suspend-server", "SuspendServer"), ("os-tenant-networks", "OSTenantNetworks"),
        ("os-used-limits", "UsedLimits"), ("os-user-data", "UserData"), ("os-volumes", "Volumes"),
    ]
}
