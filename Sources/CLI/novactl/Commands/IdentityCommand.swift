import ArgumentParser
import Foundation
import NovaConfig
import NovaCore
import NovaIdentity
import NovaSchema
import NovaService

struct IdentityCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "identity", abstract: "The identity service itself (operators, on its host).",
        subcommands: [Bootstrap.self, RotateKeys.self])

    /// The configuration of the service, as it reads it itself.
    struct Place: ParsableArguments {
        @ArgumentParser.Option(help: "A configuration file of the service (repeatable).") var configFile: [String] = []

        func configuration() throws -> Configuration {
            let daemon = Daemon(
                name: "novactl", services: [ServiceFactory(IdentityService.self)])
            return try DaemonRunner.configuration(daemon, arguments: configFile.flatMap { ["--config-file", $0] })
        }
    }

    struct Bootstrap: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Makes what a cloud needs to be used: the first user with all rights, roles and the catalog.",
            discussion: """
                May run while the service runs, and more than once: what is missing is made, the user gets the password
                and the role admin on the project and the system back. The password comes from --password-file or from
                the variable OS_BOOTSTRAP_PASSWORD.
                """)
        @OptionGroup var place: Place
        @OptionGroup var output: OutputOptions
        @ArgumentParser.Option(help: "The user's name.") var username = "admin"
        @ArgumentParser.Option(help: "The project's name.") var project = "admin"
        @ArgumentParser.Option(help: "A file whose first line is the password.", completion: .file())
        var passwordFile: String?

        func run() async throws {
            let password: String
            if let passwordFile {
                let text = try String(contentsOfFile: passwordFile, encoding: .utf8)
                password = String(text.prefix { !$0.isNewline })
            } else {
                password = Environment["OS_BOOTSTRAP_PASSWORD"] ?? ""
            }
            guard !password.isEmpty else {
                throw NovaError(.badRequest, "No password: use --password-file or OS_BOOTSTRAP_PASSWORD.")
            }
            let config = try place.configuration()
            let result = try await IdentityRecovery(config).bootstrap(
                user: username, project: project, password: Secret(password))
            output.show(["user_id": .string(result.user.text), "project_id": .string(result.project.text)])
        }
    }

    struct RotateKeys: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "rotate-keys", abstract: "Adds a key that signs new tokens, and logs nobody out.",
            discussion: """
                The service sees it within seconds and signs with it half a minute later, when all services know it.
                Older keys go when their last token has expired. Where several identity services run, copy the file
                state_path/identity-key to each of them within that time.
                """)
        @OptionGroup var place: Place
        @OptionGroup var output: OutputOptions

        func run() throws {
            let config = try place.configuration()
            let count = try TokenKeyFile(statePath: config[CommonOptions.statePath]).rotate(
                tokenLifetime: Int64(config[IdentityOptions.tokenLifetime]))
            output.show(["keys": .integer(Int64(count))])
        }
    }
}
