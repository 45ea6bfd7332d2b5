import Glibc
import NovaCore

/// Starts programs that outlive us.
public enum DetachedProcess {
    /// Starts a program in a session of its own; the process that started it need not wait for it.
    ///
    /// It blocks for a moment: call it on a thread of your own.
    /// - Parameters:
    ///   - program: absolute.
    ///   - input: what becomes its standard input; it stays the caller's. Nothing else of ours stays open in it.
    /// - Throws: ``NovaError`` `hypervisor` when it cannot be started.
    public static func start(_ program: String, _ arguments: [String], input: Int32) throws {
        guard access(program, X_OK) == 0 else {
            throw NovaError(.hypervisor, "A program is missing on the host: \(program).")
        }
        let pid = try ChildProcess.spawn(Command("setsid", ["--fork", program] + arguments)) { actions in
            posix_spawn_file_actions_adddup2(&actions, input, 0)
            posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0)
            posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0)
        }
        var status: Int32 = 0
        while waitpid(pid, &status, 0) < 0, errno == EINTR {}
        guard status == 0 else {
            throw NovaError(.hypervisor, "A program could not be started on the host.", details: program)
        }
    }
}
