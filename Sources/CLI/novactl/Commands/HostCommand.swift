import ArgumentParser
import NovaCore
import NovaSchema

struct HostCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "host", abstract: "Compute hosts and their maintenance (administrators).",
        subcommands: [
            List.self, Drain.self, Undrain.self, Evacuate.self, HostFenceCommand.self, HostFencesCommand.self,
        ])

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Lists compute hosts, whether they take servers, and what moves off them.")
        @OptionGroup var cloud: CloudOptions
        @OptionGroup var output: OutputOptions

        func run() async throws {
            try await cloud.with { session in
                output.show(
                    try await HostRow.list(session),
                    [
                        Column("Host", "host"), Column("State", "state"), Column("Status", "status"),
                        Column("Maintenance", "maintenance"), Column("Servers", "servers"), Column("Reason", "reason"),
                    ])
            }
        }
    }

    struct Drain: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Empties a host for maintenance: moves its servers, and keeps new ones away.",
            discussion: """
                Shows first how each server goes, and what is in the way of those that cannot: servers that run are moved \
                live, stopped ones cold, with their confirmation. Then asks, and does what it has shown. The cloud does it \
                by itself: it goes on when this command ends or a conductor dies. novactl host undrain ends the maintenance.
                Exit codes: 0 the host is empty, 1 servers are left (or it failed).
                """)
        @OptionGroup var cloud: CloudOptions
        @OptionGroup var output: OutputOptions
        @OptionGroup var moves: HostMoveOptions
        @Flag(help: "Stop servers that run for their move, too.") var cold = false
        @Argument(help: "Its name, as in host list.") var host: String

        func run() async throws {
            try await cloud.with { session in
                try await HostMoves(session: session, output: output, host: host, kind: "drain")
                    .run(moves, cold: cold, question: "Move %d server(s) off \(host), and keep new ones away?")
            }
        }
    }

    struct Evacuate: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Makes the servers of a host that is off anew on others.",
            discussion: """
                Only for a host of which an operator has said that it is down: openstack compute service set --down. What \
                was on its disks is lost; its servers are made from their images, and run if they ran. When the host comes \
                back it cleans up by itself.
                """)
        @OptionGroup var cloud: CloudOptions
        @OptionGroup var output: OutputOptions
        @OptionGroup var moves: HostMoveOptions
        @Argument(help: "Its name, as in host list.") var host: String

        func run() async throws {
            try await cloud.with { session in
                try await HostMoves(session: session, output: output, host: host, kind: "evacuate")
                    .run(
                        moves, cold: false, question: "Make %d server(s) of \(host) anew, without what is on its disks?"
                    )
            }
        }
    }

    struct Undrain: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Ends a host's maintenance: it takes servers again.",
            discussion:
                "A drain that is under way is stopped first. --return brings back the servers that it has moved.")
        @OptionGroup var cloud: CloudOptions
        @OptionGroup var output: OutputOptions
        @Flag(name: .customLong("return"), help: "Move the servers back that were moved off it.") var returns = false
        @Flag(help: "Do not ask.") var yes = false
        @Argument(help: "Its name, as in host list.") var host: String

        func run() async throws {
            try await cloud.with { session in
                let moves = HostMoves(session: session, output: output, host: host, kind: "return")
                try await moves.endDrain()
                let path = "/os-nova-hosts/\(CloudSession.escaped(host))/action"
                _ = try await session.post(.compute, path, ["undrain": .null])
                Console.complain("Host \(host) takes servers again.")
                guard returns else {
                    if output.json { output.show(try await HostRow.find(session, host)) }
                    return
                }
                try await moves.move(cold: false, yes: yes, question: "Move %d server(s) back to \(host)?")
            }
        }
    }
}

/// What all commands that move the servers of a host have in common.
struct HostMoveOptions: ParsableArguments {
    @Flag(help: "Show the plan and do nothing.") var dryRun = false
    @Flag(help: "Do not ask.") var yes = false
    @Flag(help: "Begin no more moves; those under way come to their end.") var stop = false
    @Flag(help: "Show how far it is.") var status = false
    @Flag(help: "With --status: go on watching until it ends.") var watch = false

    func validate() throws {
        guard [dryRun, stop, status].count(where: \.self) <= 1 else {
            throw ValidationError("Give one of --dry-run, --stop and --status.")
        }
        guard !watch || status else { throw ValidationError("--watch needs --status.") }
    }
}
