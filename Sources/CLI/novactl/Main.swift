import ArgumentParser
import NovaCore
import NovaService

/// The operator's and the user's command line of the cloud.
@main struct NovaCtl: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "novactl", abstract: "Uses and looks into a Nova cloud.",
        discussion: """
            Users' commands read OS_* variables, or clouds.yaml when OS_CLOUD or --os-cloud names a cloud.
            Exit codes: 0 done, 1 failed, 2 wrong use or settings, 3 not found, 4 not signed in or not allowed,
            5 a service or the queue cannot be reached. Completion: novactl --generate-completion-script bash|zsh|fish
            """,
        version: Daemon.version,
        subcommands: [
            ServerCommand.self, FlavorCommand.self, KeypairCommand.self, ImageCommand.self, NetworkCommand.self,
            HypervisorCommand.self, HostCommand.self, ServiceCommand.self, QueueCommand.self, WorkflowCommand.self,
            DatabaseCommand.self, CleanupCommand.self, AuditCommand.self, DoctorCommand.self, PolicyCommand.self,
            IdentityCommand.self, NotificationsCommand.self,
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
            complain(error.details.isEmpty ? error.message : "\(error.message) (\(error.details))")
            exit(withError: status(of: error.code))
        }
        if let code = error as? ExitCode { exit(withError: code) }
        let code = exitCode(for: error)
        let text = fullMessage(for: error)
        if code == .success {
            Console.write(text)
            exit(withError: ExitCode.success)
        }
        guard code == .validationFailure else {
            complain("\(NovaError(error))")
            exit(withError: ExitCode.failure)
        }
        // The parser's text goes over several lines; the last one says where the help is.
        let help = text.split(separator: "\n").last { $0.contains("--help") }
        let hint = help.flatMap { $0.split(separator: "'").dropFirst().first } ?? "novactl --help"
        let problem = message(for: error)
        complain("\(problem)\(problem.hasSuffix(".") ? "" : ".") See: \(hint)")
        exit(withError: ExitCode(2))
    }

    /// One line, whatever the text is.
    private static func complain(_ text: String) {
        let lines = text.split(whereSeparator: \.isNewline).map { $0.drop { $0 == " " } }
        Console.complain("novactl: \(lines.joined(separator: " "))")
    }

    private static func status(of code: NovaError.Code) -> ExitCode {
        switch code {
        case .badRequest: ExitCode(2)
        case .notFound: ExitCode(3)
        case .unauthorized, .forbidden: ExitCode(4)
        case .unavailable: ExitCode(5)
        default: .failure
        }
    }
}
