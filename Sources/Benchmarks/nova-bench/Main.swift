import ArgumentParser

@main
struct Main: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "nova-bench", abstract: "Measures the codec, the queue, and token validation.",
        subcommands: [
            MicroCommand.self, CodecCommand.self, KeysCommand.self, BrokerParty.self, WorkerParty.self,
            CallerParty.self, SubscriberParty.self,
        ], defaultSubcommand: MicroCommand.self)
}
