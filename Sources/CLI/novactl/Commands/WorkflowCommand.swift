import ArgumentParser
import NovaSchema

struct WorkflowCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "workflow", abstract: "What is being done for servers, step by step (administrators).",
        subcommands: [List.self, Show.self])

    private static let path = "/os-nova-workflows"

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Lists workflows.")
        @OptionGroup var cloud: CloudOptions
        @OptionGroup var output: OutputOptions
        @ArgumentParser.Option(help: "Only those of this server (id).") var server: String?

        func run() async throws {
            try await cloud.with { session in
                let body = try await session.get(.compute, path)
                let all = body["workflows"]?.arrayValue ?? []
                output.show(
                    all.filter { server == nil || $0["server_id"]?.stringValue == server },
                    [
                        Column("ID", "id"), Column("Server", "server_id"), Column("Name", "name"),
                        Column("State", "state"), Column("Step", "step"), Column("Owner", "owner"),
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
                let body = try await session.get(.compute, "\(path)/\(CloudSession.escaped(workflow))")
                let found = body["workflow"] ?? body["workflows"]?.arrayValue?.first ?? body
                output.show(found, hiding: ["steps", "links"])
                guard !output.json else { return }
                Console.write("")
                output.show(
                    found["steps"]?.arrayValue ?? [],
                    [
                        Column("Step", "name"), Column("State", "state"), Column("Started", "started_at"),
                        Column("Finished", "finished_at"), Column("Error", "error"),
                    ])
            }
        }
    }
}
