import Glibc
import NovaCore

/// One run of a command, on the thread that calls; it owns the child until it is reaped.
struct ChildProcess {
    private let command: Command
    private let pid: pid_t
    private var input: Int32
    private var output: Int32
    private var errors: Int32
    private var inputSent = 0
    private var result = CommandResult(status: 0)
    private var status: Int32?

    /// Starts the command, feeds and reads it, and returns when it has ended.
    static func run(
        _ command: Command, deadline: Deadline, outputLimit: Int, cancel: CancelPipe
    ) throws -> CommandResult {
        var child = try ChildProcess(command)
        defer { child.end() }
        try child.exchange(deadline: deadline, outputLimit: outputLimit, cancel: cancel.descriptor)
        return child.result
    }

    private init(_ command: Command) throws {
        self.command = command
        let pipes = try SpawnPipes(command)
        do {
            pid = try Self.spawn(command, pipes)
        } catch {
            pipes.closeAll()
            throw error
        }
        pipes.closeChildEnds()
        (input, output, errors) = (pipes.input.write, pipes.output.read, pipes.errors.read)
        for descriptor in [input, output, errors] { _ = fcntl(descriptor, F_SETFL, O_NONBLOCK) }
        if command.input.isEmpty { closeInput() }
    }

    private static func spawn(_ command: Command, _ pipes: SpawnPipes) throws -> pid_t {
        try spawn(command) { actions in
            posix_spawn_file_actions_adddup2(&actions, pipes.input.read, 0)
            posix_spawn_file_actions_adddup2(&actions, pipes.output.write, 1)
            posix_spawn_file_actions_adddup2(&actions, pipes.errors.write, 2)
        }
    }

    /// Starts a command, for whose end somebody must wait.
    ///
    /// - Parameter streams: says what its standard streams are; nothing else of ours is open in it.
    static func spawn(
        _ command: Command, streams: (inout posix_spawn_file_actions_t) -> Void
    ) throws -> pid_t {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        streams(&actions)
        _ = closeFrom?(&actions, 3)

        // A process group of its own, so that children of the command die with it; no blocked or ignored signals.
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        var none = sigset_t()
        var all = sigset_t()
        sigemptyset(&none)
        sigfillset(&all)
        posix_spawnattr_setpgroup(&attributes, 0)
        posix_spawnattr_setsigmask(&attributes, &none)
        posix_spawnattr_setsigdefault(&attributes, &all)
        posix_spawnattr_setflags(
            &attributes, Int16(POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF))

        var environment = ["PATH": searchPath, "LC_ALL": "C", "HOME": "/root"]
        environment.merge(command.environment) { $1 }
        let arguments = CStrings([command.program] + command.arguments)
        let variables = CStrings(environment.map { "\($0)=\($1)" })
        defer {
            arguments.free()
            variables.free()
        }
        var pid: pid_t = 0
        guard let program = find(command.program) else {
            throw NovaError(
                .hypervisor, "A command is missing on the host: \(command.name).",
                details: "\(command.program) not found in \(searchPath)")
        }
        let code = posix_spawn(&pid, program, &actions, &attributes, arguments.pointers, variables.pointers)
        guard code == 0 else {
            throw NovaError(
                .hypervisor, "A command could not be started on the host: \(command.name).",
                details: "\(program): \(String(cString: strerror(code)))")
        }
        return pid
    }

    private typealias CloseFrom = @convention(c) (UnsafeMutablePointer<posix_spawn_file_actions_t>, Int32) -> Int32

    /// `posix_spawn_file_actions_addclosefrom_np` of glibc 2.34 and later, which Swift's Glibc module does not show.
    private static let closeFrom: CloseFrom? = {
        guard let symbol = dlsym(dlopen(nil, RTLD_NOW), "posix_spawn_file_actions_addclosefrom_np") else { return nil }
        return unsafeBitCast(symbol, to: CloseFrom.self)
    }()

    private static let searchPath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

    private static func find(_ program: String) -> String? {
        if program.contains("/") { return access(program, X_OK) == 0 ? program : nil }
        return searchPath.split(separator: ":").map { "\($0)/\(program)" }.first { access($0, X_OK) == 0 }
    }

    private mutating func exchange(deadline: Deadline, outputLimit: Int, cancel: Int32) throws {
        while true {
            // Ends when both streams are closed and the child is reaped. A daemon that the command left behind may
            // hold the streams open, so the child is looked at in between.
            let streamsOpen = output >= 0 || errors >= 0
            reap()
            if status != nil {
                try drain(outputLimit)
                return
            }
            var descriptors = [
                pollfd(fd: cancel, events: Int16(POLLIN), revents: 0),
                pollfd(fd: output, events: Int16(POLLIN), revents: 0),
                pollfd(fd: errors, events: Int16(POLLIN), revents: 0),
                pollfd(fd: input, events: Int16(POLLOUT), revents: 0),
            ]
            let tick: Int64 = streamsOpen ? 50 : 2
            let wait = Int32(min(tick, max(1, deadline.remainingMilliseconds)))
            _ = poll(&descriptors, nfds_t(descriptors.count), wait)
            if descriptors[0].revents != 0 { throw CancellationError() }
            if deadline.hasPassed {
                throw NovaError(
                    .timeout, "A command on the host did not finish in time: \(command.name).",
                    details: command.summary)
            }
            if descriptors[3].revents != 0 { feed() }
            try drain(outputLimit)
        }
    }

    private mutating func feed() {
        let sent = command.input.withUnsafeBytes { bytes in
            write(input, bytes.baseAddress?.advanced(by: inputSent), bytes.count - inputSent)
        }
        if sent > 0 { inputSent += sent }
        if inputSent == command.input.count || (sent < 0 && errno != EAGAIN && errno != EINTR) { closeInput() }
    }

    private mutating func drain(_ limit: Int) throws {
        if !Self.read(output, into: &result.standardOutput, limit) { closeStream(&output) }
        if !Self.read(errors, into: &result.standardError, limit) { closeStream(&errors) }
        if result.standardOutput.count > limit || result.standardError.count > limit {
            throw NovaError(
                .tooLarge, "A command on the host printed too much: \(command.name).",
                details: "\(command.summary): more than \(limit) bytes")
        }
    }

    /// Reads what is there; false at the end of the stream.
    private static func read(_ descriptor: Int32, into bytes: inout [UInt8], _ limit: Int) -> Bool {
        guard descriptor >= 0 else { return true }
        while bytes.count <= limit {
            let chunk = [UInt8](unsafeUninitializedCapacity: 16384) { buffer, count in
                count = max(0, Glibc.read(descriptor, buffer.baseAddress, buffer.count))
                if count == 0 { errno = errno == EAGAIN || errno == EINTR ? errno : 0 }
            }
            if chunk.isEmpty { return errno == EAGAIN || errno == EINTR }
            bytes.append(contentsOf: chunk)
        }
        return true
    }

    private mutating func reap() {
        var raw: Int32 = 0
        guard status == nil, waitpid(pid, &raw, WNOHANG) == pid else { return }
        let signal = raw & 0x7F
        status = signal == 0 ? (raw >> 8) & 0xFF : 128 + signal
        result.status = status ?? 0
    }

    private mutating func closeInput() { closeStream(&input) }

    private func closeStream(_ descriptor: inout Int32) {
        if descriptor >= 0 { close(descriptor) }
        descriptor = -1
    }

    /// Kills what is left, reaps the child and closes the streams.
    private mutating func end() {
        if status == nil {
            kill(-pid, SIGKILL)
            var raw: Int32 = 0
            while waitpid(pid, &raw, 0) < 0, errno == EINTR {}
        }
        closeInput()
        closeStream(&output)
        closeStream(&errors)
    }
}
