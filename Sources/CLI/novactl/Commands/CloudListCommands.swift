import ArgumentParser
import NovaSchema

struct NetworkCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "network", abstract: "Networks.", subcommands: [List.self])

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Lists networks.")
        @OptionGroup var cloud: CloudOptions
        @OptionGroup var output: OutputOptions

        func run() async throws {
            try await cloud.with { session in
                output.show(
                    try await Resource.network.list(session),
                    [
                        Column("ID", "id"), Column("Name", "name"), Column("Status", "status"),
                        Column("Shared", "shared"), Column("Subnets", "subnets"),
                    ])
            }
        }
    }
}

struct HypervisorCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "hypervisor", abstract: "Compute hosts (administrators).", subcommands: [List.self])

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Lists compute hosts.")
        @OptionGroup var cloud: CloudOptions
        @OptionGroup var output: OutputOptions

        func run() async throws {
            try await cloud.with { session in
                let body = try await session.get(.compute, "/os-hypervisors/detail")
                output.show(
                    body["hypervisors"]?.arrayValue ?? [],
                    [
                        Column("ID", "id"), Column("Host", "hypervisor_hostname"), Column("Type", "hypervisor_type"),
                        Column("Address", "host_ip"), Column("State", "state"), Column("Status", "status"),
                        Column("VCPUs used", Self.share("vcpus_used", "vcpus")),
                        Column("MiB used", Self.share("memory_mb_used", "memory_mb")),
                    ])
            }
        }

        private static func share(_ used: String, _ all: String) -> @Sendable (JSONValue) -> String {
            { "\($0[used]?.cell ?? "?")/\($0[all]?.cell ?? "?")" }
        }
    }
}

struct ServiceCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "service", abstract: "The cloud's own services (administrators).", subcommands: [List.self])

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Lists services and whether they live.")
        @OptionGroup var cloud: CloudOptions
        @OptionGroup var output: OutputOptions

        func run() async throws {
            try await cloud.with { session in
                let body = try await session.get(.compute, "/os-services")
                output.show(
                    body["services"]?.arrayValue ?? [],
                    [
                        Column("Service", "binary"), Column("Host", "host"), Column("Zone", "zone"),
                        Column("Status", "status"), Column("State", "state"), Column("Updated", "updated_at"),
                        Column("Reason", "disabled_reason"),
                    ])
            }
        }
    }
}
