import Glibc
import Logging
public import NovaConfig
import NovaCore
import NovaTelemetry

/// Runs a daemon from its command line to its exit code.
public enum DaemonRunner {
    /// Runs a daemon of one service and exits.
    public static func run<S: CloudService>(
        _ type: S.Type, arguments: [String] = Array(CommandLine.arguments.dropFirst())
    ) async -> Never {
        await run(Daemon(ServiceFactory(type)), arguments: arguments)
    }

    /// Runs a daemon and exits: 0 after a signal, 1 when it failed, 2 when its configuration is wrong.
    public static func run(
        _ daemon: Daemon, arguments: [String] = Array(CommandLine.arguments.dropFirst())
    ) async -> Never {
        exit(await status(daemon, arguments: arguments))
    }

    /// Reads the configuration of a daemon as its command line asks for.
    ///
    /// - Throws: `badRequest` with every mistake.
    public static func configuration(_ daemon: Daemon, arguments: [String]) throws -> Configuration {
        try configuration(daemon, Arguments(arguments))
    }

    private static func configuration(_ daemon: Daemon, _ arguments: Arguments) throws -> Configuration {
        let standard = "/etc/nova/nova.conf"
        let files = arguments.configFiles.isEmpty && access(standard, R_OK) == 0 ? [standard] : arguments.configFiles
        return try Configuration.load(files: files, overrides: arguments.overrides, known: daemon.options)
    }

    private static func status(_ daemon: Daemon, arguments words: [String]) async -> Int32 {
        let process: DaemonProcess
        do {
            let arguments = try Arguments(words)
            if arguments.help {
                show(Arguments.usage(daemon.name) + Configuration.reference(daemon.options), on: STDOUT_FILENO)
                return 0
            }
            if arguments.sampleConfig {
                show(Configuration.sample(daemon.options), on: STDOUT_FILENO)
                return 0
            }
            if arguments.version {
                show("\(daemon.name) \(Daemon.version)\n", on: STDOUT_FILENO)
                return 0
            }
            let config = try configuration(daemon, arguments)
            if arguments.dumpConfig {
                show(config.dump(), on: STDOUT_FILENO)
                return 0
            }
            let logFile = config[CommonOptions.logFile]
            try NovaLogHandler.bootstrap(
                LogSettings(
                    program: daemon.name, format: config[CommonOptions.logJSON] ? .json : .text,
                    level: config[CommonOptions.debug] ? .debug : .info, file: logFile.isEmpty ? nil : logFile))
            process = try DaemonProcess(daemon, config)
        } catch {
            show("\(daemon.name): \(NovaError(error).message)\n", on: STDERR_FILENO)
            return 2
        }
        do {
            try await process.run()
            return 0
        } catch {
            let error = NovaError(error)
            process.log.critical("\(daemon.name) stops: \(error)")
            return error.code == .badRequest ? 2 : 1
        }
    }

    private static func show(_ text: String, on descriptor: Int32) {
        var rest = Array(text.utf8)[...]
        while !rest.isEmpty {
            let written = rest.withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
            if written < 0, errno == EINTR { continue }
            guard written > 0 else { return }
            rest = rest.dropFirst(written)
        }
    }
}
