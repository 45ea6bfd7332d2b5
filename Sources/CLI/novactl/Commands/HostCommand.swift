import ArgumentParser

struct HostCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "host", abstract: "What operators do to compute hosts (administrators).",
        subcommands: [HostFenceCommand.self, HostFencesCommand.self])
}
