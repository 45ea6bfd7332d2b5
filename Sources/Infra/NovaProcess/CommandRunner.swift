import NovaCore

/// Runs commands of the host: no shell, a deadline, bounded output, killed with its children on cancellation.
public final class CommandRunner: Sendable {
    /// The runner that most callers share: eight commands at a time.
    public static let shared = CommandRunner(concurrency: 8)

    private let threads: WorkerThreads

    /// A runner with threads of its own.
    public init(concurrency: Int) { threads = WorkerThreads(name: "nova-cmd", count: concurrency) }

    /// Runs a command to its end.
    ///
    /// - Parameters:
    ///   - limit: the time after which the command and its children are killed.
    ///   - outputLimit: the bytes kept of each stream; a command that prints more is killed.
    ///   - accepting: the exit statuses that are no error; nil accepts any.
    /// - Throws: ``NovaError`` naming the command: `hypervisor` for another status or a missing program, `timeout`,
    ///   `tooLarge`; `CancellationError`.
    @discardableResult
    public func run(
        _ command: Command, within limit: Duration = .seconds(60), outputLimit: Int = 1 << 20,
        accepting: Set<Int32>? = [0]
    ) async throws -> CommandResult {
        let switchOff = try CancelPipe(command: command)
        let result = try await withTaskCancellationHandler {
            let deadline = Deadline.after(limit)
            // Not cancelled here but in the thread, so that the child is dead when the caller goes on.
            return try await Task.detached { [threads] in
                try await threads.run {
                    try ChildProcess.run(command, deadline: deadline, outputLimit: outputLimit, cancel: switchOff)
                }
            }.value
        } onCancel: {
            switchOff.cancel()
        }
        guard accepting?.contains(result.status) ?? true else {
            throw NovaError(
                .hypervisor, "A command on the compute host failed: \(command.name).",
                details: "\(command.summary): exit status \(result.status): \(Self.firstLines(result.errors))")
        }
        return result
    }

    /// Runs a program with arguments; see ``run(_:within:outputLimit:accepting:)``.
    @discardableResult
    public func run(
        _ program: String, _ arguments: [String], within limit: Duration = .seconds(60), accepting: Set<Int32>? = [0]
    ) async throws -> CommandResult {
        try await run(Command(program, arguments), within: limit, accepting: accepting)
    }

    private static func firstLines(_ text: String) -> String {
        let lines = text.split(separator: "\n").prefix(5).joined(separator: "; ")
        return String(lines.prefix(500))
    }
}
