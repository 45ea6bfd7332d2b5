import NovaConfig

/// What operators may set for `nova-conductor`.
enum ConductorOptions {
    /// Nova's name; here it bounds concurrent workflows rather than processes.
    static let workers = Option("conductor", "workers", default: 64, help: "Workflows that run at once.", in: 1...4096)
    static let maxAttempts = Option(
        "scheduler", "max_attempts", default: 3, help: "Hosts that are tried before a build fails.", in: 1...100)
    static let buildTimeout = Option(
        "DEFAULT", "instance_build_timeout", default: 600,
        help: "Seconds after which a build that meets only passing failures is given up.", in: 1...86_400)
    static let shutdownTimeout = Option(
        "DEFAULT", "shutdown_timeout", default: 60, help: "Seconds a guest has to shut down before it is powered off.",
        in: 0...3600)

    static var all: [any OptionDeclaration] { [workers, maxAttempts, buildTimeout, shutdownTimeout] }
}
