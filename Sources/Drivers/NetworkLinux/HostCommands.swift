import Glibc
import NovaCore
public import NovaProcess

/// Runs `ip` and the other commands of the driver, in the daemon's network namespace or in a named one.
public struct HostCommands: Sendable {
    /// For files and signals, which may block.
    static let files = WorkerThreads(name: "nova-netfile", count: 2)

    let runner: CommandRunner
    /// A namespace made by `ip netns add`, in which every command runs; nil for the daemon's own.
    let namespace: String?

    public init(runner: CommandRunner = .shared, namespace: String? = nil) {
        self.runner = runner
        self.namespace = namespace
    }

    /// Runs a command; see ``CommandRunner/run(_:within:outputLimit:accepting:)``.
    @discardableResult
    func run(
        _ program: String, _ arguments: [String], input: String = "", accepting: Set<Int32>? = [0]
    ) async throws -> CommandResult {
        let words = (namespace.map { ["ip", "netns", "exec", $0] } ?? []) + [program] + arguments
        let command = Command(words[0], Array(words.dropFirst()), input: Array(input.utf8))
        // A list of ten thousand links is about 3 MB.
        return try await runner.run(command, within: .seconds(30), outputLimit: 32 << 20, accepting: accepting)
    }

    /// Runs lines of `ip` commands in one process; the first that fails ends it.
    func batch(_ lines: [String]) async throws {
        try await run("ip", ["-batch", "-"], input: lines.joined(separator: "\n") + "\n")
    }

    /// All links of the host.
    func links() async throws -> [HostLink] {
        HostLink.parse(try await run("ip", ["-o", "link", "show"]).output)
    }

    /// One link; nil when there is none of the name.
    func link(_ name: String) async throws -> HostLink? {
        let result = try await run("ip", ["-o", "link", "show", "dev", name], accepting: nil)
        return HostLink.parse(result.output).first
    }

    /// The IPv4 addresses of the host, or of one device.
    func addresses(of device: String? = nil) async throws -> [HostAddress] {
        let filter = device.map { ["dev", $0] } ?? []
        return HostAddress.parse(try await run("ip", ["-o", "-4", "address", "show"] + filter).output)
    }

    /// Lets the kernel pass packets from guests on to the outside.
    func enableForwarding() async throws {
        let file = "/proc/sys/net/ipv4/ip_forward"
        let current = try await run("cat", [file]).output
        guard current.first != "1" else { return }
        try await run("tee", [file], input: "1\n")
    }
}
