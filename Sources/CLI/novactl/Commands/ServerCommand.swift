import ArgumentParser
import NovaCore
import NovaSchema

struct ServerCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "server", abstract: "Servers: create, look at, control, delete, explain.",
        subcommands: [
            ServerCreateCommand.self, List.self, Show.self, Delete.self, Start.self, Stop.self, Reboot.self,
            ConsoleLog.self, Why.self, ServerHistoryCommand.self,
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
            try await cloud.with { session in
                let found = try await Resource.server.find(session, server)
                output.show(output.json ? found : ServerView.forPeople(found))
            }
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
                let server = try await Resource.server.find(session, target.server)
                let id = server["id"]?.stringValue ?? target.server
                let answer = try await session.get(.compute, "/servers/\(id)/os-nova-explanation")
                let explanation = answer["explanation"] ?? .null
                guard !output.json else { return output.show(explanation) }
                show(explanation, of: server)
            }
        }

        private func show(_ explanation: JSONValue, of server: JSONValue) {
            var facts: JSONObject = [
                "server": server["name"] ?? .null, "status": server["status"] ?? .null,
                "task": server["OS-EXT-STS:task_state"] ?? .null,
            ]
            if let fault = server["fault"]?["message"] { facts["fault"] = fault }
            for member in explanation.objectValue ?? JSONObject() where !["filters", "weights"].contains(member.key) {
                facts[member.key] = member.value
            }
            output.show(.object(facts))
            Console.write("")
            output.show(
                explanation["filters"]?.arrayValue ?? [],
                [
                    Column("Filter", "filter"), Column("Hosts before", "hosts_before"),
                    Column("Hosts after", "hosts_after"), Column("Removed", { Self.pairs($0["removed"], ": ", "; ") }),
                ])
            Console.write("")
            output.show(
                explanation["weights"]?.arrayValue ?? [],
                [
                    Column("Host", "host"), Column("Weight", "weight"),
                    Column("Made of", { Self.pairs($0["parts"], " ", ", ") }),
                ])
        }

        private static func pairs(_ value: JSONValue?, _ between: String, _ after: String) -> String {
            let all = (value?.objectValue ?? JSONObject()).map { "\($0.key)\(between)\($0.value.cell)" }
            return all.isEmpty ? "-" : all.joined(separator: after)
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
    /// A server's body with its nested parts as a person reads them.
    static func forPeople(_ server: JSONValue) -> JSONValue {
        var members = server.objectValue ?? JSONObject()
        members["addresses"] = .string(addresses(server))
        if let image = server["image"]?["id"] { members["image"] = image }
        if let flavor = server["flavor"], let name = flavor["original_name"]?.stringValue {
            let size = "\(flavor["vcpus"]?.cell ?? "?") VCPU, \(flavor["ram"]?.cell ?? "?") MiB RAM"
            members["flavor"] = .string("\(name) (\(size), \(flavor["disk"]?.cell ?? "?") GiB disk)")
        }
        return .object(members)
    }

    @Sendable static func addresses(_ server: JSONValue) -> String {
        let networks = server["addresses"]?.objectValue ?? JSONObject()
        return networks.map { network in
            let found = (network.value.arrayValue ?? []).compactMap { $0["addr"]?.stringValue }
            return "\(network.key)=\(found.joined(separator: ","))"
        }.joined(separator: "; ")
    }
}
