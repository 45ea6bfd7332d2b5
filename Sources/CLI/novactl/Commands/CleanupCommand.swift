import ArgumentParser
import NovaSchema

struct CleanupCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "cleanup", abstract: "What hosts still owe (administrators).",
        discussion: """
            Users see the end of their action already; the allocation is kept until the host confirms, or until an \
            operator gives it up with novactl workflow abandon.
            """,
        subcommands: [List.self])

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Lists cleanups that hosts or services owe.")
        @OptionGroup var cloud: CloudOptions
        @OptionGroup var output: OutputOptions

        func run() async throws {
            try await cloud.with { session in
                let body = try await session.get(.compute, "/os-nova-cleanups")
                output.show(
                    body["cleanups"]?.arrayValue ?? [],
                    [
                        Column("Workflow", "workflow_id"), Column("Of", "name"), Column("Server ID", "server_id"),
                        Column("Server", "server_name"), Column("Host", "host"), Column("Since", "since"),
                        Column("Attempts", "attempts"), Column("Reason", "reason"),
                    ])
            }
        }
    }
}
