import NovaAudit
import NovaConfig
import NovaWorkflow

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

    static let resizeOnSameHost = Option(
        "DEFAULT", "allow_resize_to_same_host", default: false,
        help: "Whether a resize may leave a server on the host where it is.")
    static let confirmWindow = Option(
        "DEFAULT", "resize_confirm_window", default: 0,
        help: "Seconds after which a resize counts as confirmed; 0 waits for its user for ever.", in: 0...31_536_000)
    static let shelvedOffloadTime = Option(
        "DEFAULT", "shelved_offload_time", default: 0,
        help: "Seconds after which a shelved server leaves its host: 0 at once, -1 never.", in: -1...31_536_000)

    static let liveMigrationRetries = Option(
        "DEFAULT", "migrate_max_retries", default: -1,
        help: "Other hosts that are tried when one cannot take a running server; -1 for all.", in: -1...10_000)

    static let lease = Option(
        "conductor", "workflow_lease_ms", default: 10_000,
        help: "Milliseconds after which another conductor takes the workflows of one that says nothing.",
        in: 200...600_000)
    static let scan = Option(
        "conductor", "workflow_scan_ms", default: 500,
        help: "Milliseconds between a conductor's looks for work that nobody told it of.", in: 10...60_000)
    static let patience = Option(
        "conductor", "workflow_patience_ms", default: 30_000,
        help: "Milliseconds that an undoing or a deletion meets failures before its cleanup is owed.",
        in: 100...3_600_000)
    static let pause = Option(
        "conductor", "workflow_pause_ms", default: 100,
        help: "Milliseconds before a step is tried again; doubles up to a hundred times as much.", in: 1...10_000)
    static let auditInterval = Option(
        "conductor", "audit_interval", default: 60, help: "Seconds between runs of the reconcilers; 0 for none.",
        in: 0...86_400)
    static let auditSettle = Option(
        "conductor", "audit_settle", default: 30,
        help: "Seconds after which something that is seen again counts as a finding; what changed since is left alone.",
        in: 1...3600)
    static let auditHeals = Option(
        "conductor", "audit_heals", default: true, help: "Heal what is safe to heal without being asked.")
    static let unusedImageAge = Option(
        "image_cache", "remove_unused_original_minimum_age_seconds", default: 86_400,
        help: "Seconds for which hosts keep an image in their caches that no disk needs.", in: 600...31_536_000)
    static let silentServiceAge = Option(
        "conductor", "forget_service_after", default: 86_400,
        help: "Seconds without a report after which a daemon is forgotten.", in: 60...31_536_000)

    static let drainMoves = Option(
        "conductor", "drain_moves", default: 32,
        help:
            "Most moves of a drained host that are under way at a time; where they take long it is four.",
        in: 1...1000)

    static let retentionDays = Option(
        "database", "retention_days", default: 30,
        help: "Days for which deleted servers stay in the database; 0 keeps them for ever.", in: 0...36_500)
    static let archivePath = Option(
        "database", "archive_path", default: "",
        help: "Folder to which the rows of deleted servers go after that; empty keeps no copy.",
        expected: "empty or an absolute path", accepts: { $0.isEmpty || $0.hasPrefix("/") })

    static var all: [any OptionDeclaration] {
        [
            workers, maxAttempts, buildTimeout, shutdownTimeout, lease, scan, patience, pause, auditInterval,
            auditSettle, auditHeals, unusedImageAge, silentServiceAge, retentionDays, archivePath, resizeOnSameHost,
            confirmWindow, shelvedOffloadTime, liveMigrationRetries, drainMoves,
        ] + NotificationOptions.all + FencingOptions.all
    }

    /// The times of workflows; those of owed cleanups follow from the patience.
    static func times(_ config: Configuration) -> WorkflowTimes {
        var times = WorkflowTimes()
        times.lease = .milliseconds(config[lease])
        times.scan = .milliseconds(config[scan])
        times.patience = .milliseconds(config[patience])
        times.pause = .milliseconds(config[pause])
        times.owedPause = times.patience / 6
        times.longestOwedPause = times.patience * 2
        return times
    }

    /// How the reconcilers run.
    static func audit(_ config: Configuration) -> Auditor.Settings {
        var ages = CloudPicture.Ages()
        ages.settling = .seconds(config[auditSettle])
        ages.unusedImage = .seconds(config[unusedImageAge])
        ages.silentService = .seconds(config[silentServiceAge])
        return Auditor.Settings(
            interval: .seconds(config[auditInterval]), heals: config[auditHeals], ages: ages)
    }
}
