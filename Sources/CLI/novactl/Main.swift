import ArgumentParser
import NovaCore
import NovaService

/// The operator's and the user's command line of the cloud.
@main struct NovaCtl: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "novactl", abstract: "Uses and looks into a Nova cloud.",
        discussion: """
            Users' commands read OS_* variables, or clouds.yaml when OS_CLOUD or --os-cloud names a cloud.
            Exit codes: 0 done, 1 failed, 2 wrong use.
            """,
        version: Daemon.version,
        subcommands: [
            ServerCommand.self, FlavorCommand.self, KeypairCommand.self, ImageCommand.self, NetworkCommand.self,
            HypervisorCommand.self, ServiceCommand.self, QueueCommand.self, WorkflowCommand.self, DatabaseCommand.self,
        ])

    static func main() async {
        do {
            var command = try parseAsRoot()
            if var command = command as? any AsyncParsableCommand {
                try await command.run()
            } else {
                try command.run()
            }
        } catch {
            finish(error)
        }
    }

    /// Tells the error and ends with the exit code that fits.
    private static func finish(_ error: any Error) -> Never {
        if let error = error as? NovaError {
            Console.complain("novactl: \(error.message)")
            if !error.details.isEmpty { Console.complain("  details: \(error.details)") }
            exit(withError: ExitCode(error.code == .badRequest ? 2 : 1))
        }
        if let code = error as? ExitCode { exit(withError: code) }
        let code = exitCode(for: error)
        let text = fullMessage(for: error)
        if code == .success {
            Console.write(text)
            exit(withError: ExitCode.success)
        }
        Console.complain(text)
        exit(withError: ExitCode(code == .validationFailure ? 2 : 1))
    }
}
