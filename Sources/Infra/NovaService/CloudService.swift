public import NovaConfig

/// A service that was made and can run.
public protocol RunnableService: Sendable {
    /// Works until the task is cancelled, then finishes what it holds and returns.
    func run() async throws
}

/// A service that needs nothing but its context.
public protocol CloudService: RunnableService {
    /// The daemon's name: "nova-api".
    static var name: String { get }
    /// The role on the queue: "api".
    static var role: String { get }
    /// The options it reads besides ``CommonOptions``.
    static var options: [any OptionDeclaration] { get }
    init(_ context: ServiceContext) async throws
}

/// How to make one service: what a daemon's `Main.swift` hands to ``DaemonRunner``.
public struct ServiceFactory: Sendable {
    public let name: String
    public let role: String
    public let options: [any OptionDeclaration]
    public let make: @Sendable (ServiceContext) async throws -> any RunnableService

    /// A service that also takes things its executable chooses, such as drivers.
    public init(
        name: String, role: String, options: [any OptionDeclaration],
        make: @escaping @Sendable (ServiceContext) async throws -> any RunnableService
    ) {
        self.name = name
        self.role = role
        self.options = options
        self.make = make
    }

    /// A service that needs nothing but its context.
    public init<S: CloudService>(_ type: S.Type) {
        self.init(name: S.name, role: S.role, options: S.options) { try await S($0) }
    }
}
