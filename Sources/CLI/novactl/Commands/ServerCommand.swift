import ArgumentParser
import NovaCore
import NovaSchema

struct ServerCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "server", abstract: "Servers: create, look at, control, delete, explain.",
        subcommands: [
            ServerCreateCommand.self, List.self, Show.self, Delete.self, Start.self, Stop.self, Reboot.self,
            ConsoleLog.self, Why.self,
        ])

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Lists servers.")
        @OptionGroup var cloud: CloudOptions
        @OptionGroup var output: OutputOptions
        @Flag(help: "Servers of all projects (administrators).") var allProjects = false
        @ArgumentParser.Option(help: "Only servers in this status, such as ACTIVE.") var status: String?
        @ArgumentParser.Option(help: "Only servers whose name contains this.") var name: String?

        func run() async throws {
            try await cloud.with { session in
                var query: [(String, String)] = []
                if allProjects { query.append(("all_tenants", "1")) }
                if let status { query.append(("status", status)) }
                if let name { query.append(("name", name)) }
                let servers = try await Resource.server.list(session, "/detail", query)
                output.show(
                    servers,
                    [
                        Column("ID", "id"), Column("Name", "name"), Column("Status", "status"),
                        Column("Task", "OS-EXT-STS:task_state"), Column("Addresses", ServerView.addresses),
                        Column("Flavor", "flavor", "original_name"),
                    ])
            }
        }
    }

    struct Show: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Shows a server.")
        @OptionGroup var cloud: CloudOptions
        @OptionGroup var output: OutputOptions
        @Argument(help: "Name or id.") var server: String

        func run() async throws {
            try await cloud.with { output.show(try await Resource.server.find($0, server)) }
        }
    }

    struct Delete: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Deletes servers.")
        @OptionGroup var cloud: CloudOptions
        @Argument(help: "Names or ids.") var servers: [String]
        @Flag(help: "Wait until they are gone.") var wait = false
        @ArgumentParser.Option(help: "Seconds to wait at most.") var timeout = 600

        func run() async throws {
            try await cloud.with { session in
                var ids: [String] = []
                for server in servers {
                    let id = try await Resource.server.id(session, server)
                    try await session.delete(.compute, "/servers/\(id)")
                    ids.append(id)
                }
                guard wait else { return }
                let watch = ServerWatch(session: session, limit: timeout)
                for id in ids { try await watch.untilGone(id) }
            }
        }
    }

    struct Start: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Starts a server.")
        @OptionGroup var target: ServerTarget
        func run() async throws { try await target.act("os-start", .null) }
    }

    struct Stop: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Stops a server.")
        @OptionGroup var target: ServerTarget
        func run() async throws { try await target.act("os-stop", .null) }
    }

    struct Reboot: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Reboots a server.")
        @OptionGroup var target: ServerTarget
        @Flag(help: "Without asking the guest.") var hard = false
        func run() async throws {
            try await target.act("reboot", .object(["type": .string(hard ? "HARD" : "SOFT")]))
        }
    }

    struct ConsoleLog: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Prints what the guest wrote to its console.")
        @OptionGroup var target: ServerTarget
        @ArgumentParser.Option(help: "Only the last lines.") var lines: Int?
        func run() async throws {
            var body = JSONObject()
            if let lines { body["length"] = .integer(Int64(lines)) }
            try await target.cloud.with { session in
                let id = try await Resource.server.id(session, target.server)
                let answer = try await session.post(
                    .compute, "/servers/\(id)/action", .object(["os-getConsoleOutput": .object(body)]))
                Console.write(answer["output"]?.stringValue ?? "")
            }
        }
    }

    struct Why: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Explains why a server is where it is, or nowhere, and what is being done for it.")
        @OptionGroup var target: ServerTarget
        @OptionGroup var output: OutputOptions
        func run() async throws {
            try await target.cloud.with { session in
                let id = try await Resource.server.id(session, target.server)
                let answer = try await session.get(.compute, "/servers/\(id)/os-nova-explanation")
                let explanation = answer["explanation"] ?? .null
                Console.write(output.json ? explanation.text : explanation.outline())
            }
        }
    }
}

/// One server that a command acts upon.
struct ServerTarget: ParsableArguments {
    @OptionGroup var cloud: CloudOptions
    @Argument(help: "Name or id.") var server: String

    func act(_ action: String, _ value: JSONValue) async throws {
        try await cloud.with { session in
            let id = try await Resource.server.id(session, server)
            _ = try await session.post(.compute, "/servers/\(id)/action", .object(JSONObject([(action, value)])))
        }
    }
}

/// Parts of a server's body as cells.
enum ServerView {
    @Sendable static func addresses(_ server: JSONValue) -> String {
        let networks = server["addresses"]?.objectValue ?? JSONObject()
        return networks.map { network in
            let found = (network.value.arrayValue ?? []).compactMap { $0["addr"]?.stringValue }
            return "\(network.key)=\(found.joined(separator: ","))"
        }.joined(separator: "; ")
    }
}
