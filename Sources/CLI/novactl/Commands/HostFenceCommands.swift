import ArgumentParser
import NovaCore
import NovaSchema

struct HostFenceCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "fence", abstract: "Switches a compute host off by its fence agent, and declares it down.",
        discussion: """
            The agent is a program that conductors run ([fencing] agent). Only when it says that the host is off, and the             host no longer answers, its compute service is declared down; then its servers may be evacuated.
            """)
    @OptionGroup var cloud: CloudOptions
    @OptionGroup var output: OutputOptions
    @Argument(help: "The host, as in hypervisor list.") var host: String
    @ArgumentParser.Option(help: "Why; it goes into the history.") var reason = "asked for by an operator"
    @ArgumentParser.Option(help: "Seconds to wait for the end; 0 does not wait.") var timeout = 300
    @Flag(help: "Do not ask.") var yes = false

    func run() async throws {
        try Confirmation.ask("Switch host \(host) off, with all servers on it?", isGiven: yes)
        try await cloud.with { session in
            let body = try await session.post(
                .compute, "/os-nova-fences", ["fence": ["host": .string(host), "reason": .string(reason)]])
            var fence = body["fence"] ?? .null
            let id = fence["workflow_id"]?.stringValue ?? ""
            let deadline = Deadline.after(.seconds(timeout))
            while timeout > 0, fence["finished_at"]?.stringValue == nil {
                guard !deadline.hasPassed else {
                    throw NovaError(
                        .timeout, "Not done after \(timeout) s. It goes on: novactl host fences \(host)")
                }
                try await Task.sleep(for: min(.milliseconds(500), deadline.remaining + .milliseconds(1)))
                let list = try await session.get(.compute, "/os-nova-fences", [("host", host)])
                fence = list["fences"]?.arrayValue?.first { $0["workflow_id"]?.stringValue == id } ?? fence
            }
            if let error = fence["error"]?.stringValue { throw NovaError(.hypervisor, error) }
            guard timeout == 0 || output.json else {
                return Console.write("Host \(host) is off and declared down. Its servers can be evacuated.")
            }
            output.show(fence)
        }
    }
}

struct HostFencesCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "fences", abstract: "Lists what was done to switch hosts off, by whom and why.")
    @OptionGroup var cloud: CloudOptions
    @OptionGroup var output: OutputOptions
    @Argument(help: "Only of this host.") var host: String?

    func run() async throws {
        try await cloud.with { session in
            let body = try await session.get(.compute, "/os-nova-fences", host.map { [("host", $0)] } ?? [])
            output.show(
                body["fences"]?.arrayValue ?? [],
                [
                    Column("Host", "host"), Column("State", "state"), Column("Reason", "reason"),
                    Column("By") { $0["automatic"]?.boolValue == true ? "the cloud" : $0["user_id"]?.cell ?? "-" },
                    Column("Started", "started_at"), Column("Finished", "finished_at"), Column("Error", "error"),
                    Column("Workflow", "workflow_id"),
                ])
        }
    }
}
