import ArgumentParser
import NovaSchema

struct WorkflowCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "workflow", abstract: "What is being done for servers, step by step (administrators).",
        subcommands: [List.self, Show.self, Retry.self, Abandon.self])

    private static let path = "/os-nova-workflows"

    /// The conductor's host, without what names its process.
    @Sendable private static func owner(_ value: JSONValue?) -> String {
        String((value?.stringValue ?? "-").prefix { $0 != "/" })
    }

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Lists workflows.")
        @OptionGroup var cloud: CloudOptions
        @OptionGroup var output: OutputOptions
        @ArgumentParser.Option(help: "Only those of this server (name or id).") var server: String?
        @Flag(help: "Only those that are not finished.") var open = false

        func run() async throws {
            try await cloud.with { session in
                var query: [(String, String)] = []
                if let server { query.append(("server_id", try await Resource.serverID(session, server))) }
                if open { query.append(("open", "true")) }
                let body = try await session.get(.compute, path, query)
                output.show(
                    body["workflows"]?.arrayValue ?? [],
                    [
                        Column("ID", "id"), Column("Name", "name"), Column("Server", "server_name"),
                        Column("Server ID", "server_id"), Column("State", "state"), Column("Step", "step"),
                        Column("Attempts", "attempts"), Column("Owner") { WorkflowCommand.owner($0["owner"]) },
                        Column("Created", "created_at"), Column("Error", "error"),
                    ])
            }
        }
    }

    struct Show: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Shows a workflow and its steps.")
        @OptionGroup var cloud: CloudOptions
        @OptionGroup var output: OutputOptions
        @Argument(help: "Its id.") var workflow: String

        func run() async throws {
            try await cloud.with { session in
                let body = try await Resource.body(session, path, of: "workflow", workflow)
                let found = body["workflow"] ?? body["workflows"]?.arrayValue?.first ?? body
                output.show(found, hiding: ["steps", "links"])
                guard !output.json else { return }
                Console.write("")
                output.show(
                    found["steps"]?.arrayValue ?? [],
                    [
                        Column("Step", "name"), Column("State", "state"), Column("Started", "started_at"),
                        Column("Finished", "finished_at"), Column("ms", "duration_ms"), Column("Epoch", "epoch"),
                        Column("Owner") { WorkflowCommand.owner($0["owner"]) }, Column("Lease s", "lease_seconds"),
                        Column("Error", "error"),
                    ])
            }
        }
    }
}
