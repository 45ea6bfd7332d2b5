/// A program and its arguments: never a shell line.
public struct Command: Sendable, Equatable {
    /// The program: a path, or a name looked up in PATH and the system's sbin folders.
    public var program: String
    public var arguments: [String]
    /// What the program reads on its standard input.
    public var input: [UInt8]
    /// Variables added to the small environment that every command gets (PATH, HOME, LC_ALL=C).
    public var environment: [String: String]

    public init(
        _ program: String, _ arguments: [String] = [], input: [UInt8] = [], environment: [String: String] = [:]
    ) {
        self.program = program
        self.arguments = arguments
        self.input = input
        self.environment = environment
    }

    /// The program's name without its folder.
    public var name: String { program.split(separator: "/").last.map(String.init) ?? program }

    /// Program and arguments for logs, cut at 400 characters.
    public var summary: String { String(([program] + arguments).joined(separator: " ").prefix(400)) }
}

/// How a command ended, and what it printed.
public struct CommandResult: Sendable, Equatable {
    /// The exit status; 128 + n when signal n ended the program.
    public var status: Int32
    public var standardOutput: [UInt8]
    public var standardError: [UInt8]

    public init(status: Int32, standardOutput: [UInt8] = [], standardError: [UInt8] = []) {
        self.status = status
        self.standardOutput = standardOutput
        self.standardError = standardError
    }

    /// The standard output as text, wrong bytes replaced.
    public var output: String { String(decoding: standardOutput, as: UTF8.self) }
    /// The standard error as text, wrong bytes replaced.
    public var errors: String { String(decoding: standardError, as: UTF8.self) }
}
