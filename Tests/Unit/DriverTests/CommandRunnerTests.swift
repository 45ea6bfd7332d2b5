import CommonTestKit
import Glibc
import NovaCore
import NovaProcess
import Testing

@Suite("Commands of the host")
struct CommandRunnerTests {
    let runner = CommandRunner(concurrency: 2)

    @Test("output, errors, status and input")
    func exchange() async throws {
        let result = try await runner.run(
            Command("sh", ["-c", "cat; echo oops >&2; exit 3"], input: Array("hello".utf8)), accepting: [3])
        #expect(
            result == CommandResult(status: 3, standardOutput: Array("hello".utf8), standardError: Array("oops\n".utf8))
        )
    }

    @Test("arguments are never seen by a shell")
    func noShell() async throws {
        let result = try await runner.run("echo", ["$HOME; `id`", "a b"])
        #expect(result.output == "$HOME; `id` a b\n")
    }

    @Test("a failing command is named, with what it said")
    func failure() async {
        await #expect {
            _ = try await runner.run("sh", ["-c", "echo bad thing >&2; exit 1"])
        } throws: { error in
            guard let error = error as? NovaError else { return false }
            return error.code == .hypervisor && error.message.contains("sh") && error.details.contains("bad thing")
        }
    }

    @Test("a missing program is an error that names it")
    func missing() async {
        await #expect {
            try await runner.run("no-such-program-here", [])
        } throws: { ($0 as? NovaError)?.message.contains("no-such-program-here") ?? false }
    }

    @Test("the deadline kills the command and its children")
    func deadline() async throws {
        let folder = try TemporaryFolder()
        let pipe = "\(folder.path)/pipe"
        #expect(mkfifo(pipe, 0o600) == 0)
        // The reader end of the pipe is held by the child of the command: it is free again once the child is dead.
        await #expect {
            try await runner.run(Command("sh", ["-c", "cat \(pipe) & wait"]), within: .milliseconds(300))
        } throws: { ($0 as? NovaError)?.code == .timeout }
        try await until("the child's end", within: .seconds(10)) {
            let writer = open(pipe, O_WRONLY | O_NONBLOCK)
            if writer >= 0 { close(writer) }
            return writer < 0
        }
    }

    @Test("cancellation kills the command")
    func cancellation() async {
        let task = Task { try await runner.run("sleep", ["1000"]) }
        task.cancel()
        await #expect(throws: CancellationError.self) { try await task.value }
    }

    @Test("output is bounded")
    func boundedOutput() async {
        await #expect {
            try await runner.run(Command("yes"), outputLimit: 10_000)
        } throws: { ($0 as? NovaError)?.code == .tooLarge }
    }

    @Test("a daemon that keeps the streams open does not hold up the caller")
    func daemon() async throws {
        let result = try await runner.run(
            Command("sh", ["-c", "sleep 5 & echo started"]), within: .seconds(4))
        #expect(result.output == "started\n")
    }

    @Test("worker threads: results, errors, deadline, cancellation")
    func workers() async throws {
        let threads = WorkerThreads(name: "test", count: 2)
        #expect(try await threads.run { 42 } == 42)
        await #expect(throws: NovaError.self) { try await threads.run { throw NovaError(.gone, "x") } }
        let blocker = CommandGate()
        await #expect {
            try await threads.run(within: .milliseconds(50), "wait") { blocker.wait() }
        } throws: { ($0 as? NovaError)?.code == .timeout }
        blocker.open()
    }
}

/// Blocks a thread until it is opened.
private final class CommandGate: Sendable {
    private let ends: [Int32]
    init() {
        var ends: [Int32] = [-1, -1]
        pipe(&ends)
        self.ends = ends
    }
    deinit { for end in ends { close(end) } }
    func wait() {
        var byte: UInt8 = 0
        _ = read(ends[0], &byte, 1)
    }
    func open() {
        var byte: UInt8 = 1
        _ = write(ends[1], &byte, 1)
    }
}
