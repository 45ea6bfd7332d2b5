import NovaConfig
import NovaCore
import NovaProcess

/// The program that switches compute hosts off, called as ClusterLabs' fence agents are: options on its standard input,
/// status 0 when the host is off.
///
/// It may be called again for a host that is off already, and then says so as well.
struct FenceAgent: Sendable {
    let program: String
    /// Where its options are; empty for none.
    let folder: String
    let timeout: Duration
    let runner: CommandRunner

    init(program: String, folder: String, timeout: Duration, runner: CommandRunner = .shared) {
        self.program = program
        self.folder = folder
        self.timeout = timeout
        self.runner = runner
    }

    init(_ config: Configuration) {
        self.init(
            program: config[FencingOptions.agent], folder: config[FencingOptions.arguments],
            timeout: .seconds(config[FencingOptions.timeout]))
    }

    var isThere: Bool { !program.isEmpty }

    /// Switches a host off.
    ///
    /// - Returns: what the agent printed.
    /// - Throws: ``NovaError`` `hypervisor` with what it printed when it failed, or did not end in time: then nobody
    ///   knows whether the host is off.
    func switchOff(_ host: String) async throws -> String {
        guard isThere else {
            throw NovaError(
                .preconditionFailed,
                "No fence agent is configured. Set [fencing] agent for nova-conductor, or make sure that the host is off "
                    + "and say so: openstack compute service set --down \(host) nova-compute")
        }
        let command = Command(program, input: try FenceArguments.load(folder, for: host).input)
        let result: CommandResult
        do {
            result = try await runner.run(command, within: timeout, outputLimit: 64 << 10, accepting: nil)
        } catch let error as NovaError where error.code == .timeout {
            throw NovaError(
                .hypervisor,
                "The fence agent did not end within \(timeout.components.seconds) s for host \(host): nobody knows "
                    + "whether it is off.")
        } catch let error as NovaError where error.code == .hypervisor || error.code == .tooLarge {
            throw NovaError(
                .hypervisor, "The fence agent could not be run for host \(host). \(error.message)",
                details: error.details)
        }
        let printed = Self.text(result.output, result.errors)
        guard result.status == 0 else {
            throw NovaError(
                .hypervisor,
                "The fence agent \(command.name) could not switch host \(host) off (status \(result.status)): "
                    + (printed.isEmpty ? "it printed nothing." : printed))
        }
        return printed
    }

    /// The end of what a program printed, on one line.
    private static func text(_ streams: String...) -> String {
        let lines = streams.flatMap { $0.split(whereSeparator: \.isNewline) }
        return String(lines.joined(separator: "; ").filter { !$0.isASCII || $0 >= " " }.suffix(1000))
    }
}
