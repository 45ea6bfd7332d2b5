public import NovaConfig
import NovaCore

/// What operators may set for live migrations; the names are Nova's where Nova has one.
public enum LiveMigrationOptions {
    public static let concurrent = Option(
        "DEFAULT", "max_concurrent_live_migrations", default: 1, help: "Running servers that leave the host at a time.",
        in: 1...64)
    public static let completionTimeout = Option(
        "libvirt", "live_migration_completion_timeout", default: 800,
        help: "Seconds for each GiB of memory and disk after which a live migration is ended; 0 for never.",
        in: 0...1_000_000)
    public static let timeoutAction = Option(
        "libvirt", "live_migration_timeout_action", default: "abort",
        help: "What ends it then: abort, or force_complete at the cost of the guest.",
        oneOf: ["abort", "force_complete"])
    public static let permitsPostCopy = Option(
        "libvirt", "live_migration_permit_post_copy", default: false,
        help: "Complete by moving the guest before its memory, where the hypervisors can; else by holding the guest.")
    public static let permitsAutoConverge = Option(
        "libvirt", "live_migration_permit_auto_converge", default: false,
        help: "Slow a guest down that writes its memory faster than it can be sent.")
    public static let downtime = Option(
        "libvirt", "live_migration_downtime", default: 500,
        help: "Milliseconds that a guest may stand still at the end.", in: 100...3_600_000)
    public static let bandwidth = Option(
        "libvirt", "live_migration_bandwidth", default: 0, help: "MiB a second for a live migration; 0 for no bound.",
        in: 0...1_000_000)
    public static let sockets = Option(
        "libvirt", "migration_socket_path", default: "/run/nova",
        help: "Folder of the sockets of live migrations: short, and the same on all hosts.",
        expected: "an absolute path of at most 20 bytes", accepts: { $0.hasPrefix("/") && $0.utf8.count <= 20 })
    public static let fakeTime = Option(
        "fake", "migration_ms", default: 0, help: "Milliseconds that a fake live migration takes.", in: 0...3_600_000)

    /// All of them.
    public static let all: [any OptionDeclaration] = [
        concurrent, completionTimeout, timeoutAction, permitsPostCopy, permitsAutoConverge, downtime, bandwidth,
        sockets,
        fakeTime,
    ]

    /// When a live migration is ended, and how.
    static func policy(_ config: Configuration) -> MigrationPolicy {
        MigrationPolicy(
            timePerGiB: .seconds(config[completionTimeout]),
            completesLate: config[timeoutAction] == "force_complete")
    }
}
