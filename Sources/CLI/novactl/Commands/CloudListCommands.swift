import ArgumentParser
import NovaSchema

struct NetworkCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "network", abstract: "Networks.", subcommands: [List.self, Show.self])

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

    struct Show: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Shows a network.")
        @OptionGroup var cloud: CloudOptions
        @OptionGroup var output: OutputOptions
        @Argument(help: "Name or id.") var network: String

        func run() async throws {
            try await cloud.with { output.show(try await Resource.network.find($0, network)) }
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
                        Column("Servers", "running_vms"),
                        Column("VCPUs used", share("vcpus_used", "vcpus")),
                        Column("RAM MiB used", share("memory_mb_used", "memory_mb")),
                        Column("Disk GiB used", share("local_gb_used", "local_gb")),
                    ])
            }
        }

        private func share(_ used: String, _ all: String) -> @Sendable (JSONValue) -> String {
            { "\($0[used]?.cell ?? "?") of \($0[all]?.cell ?? "?")" }
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
