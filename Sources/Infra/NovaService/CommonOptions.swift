public import NovaConfig
public import NovaCore

/// The options that every daemon reads.
public enum CommonOptions {
    public static let host = Option(
        "DEFAULT", "host", default: "", help: "Name of this host in the cloud; empty means the host name.")
    public static let statePath = Option(
        "DEFAULT", "state_path", default: "/var/lib/nova", help: "Folder of databases, keys and other state.",
        expected: "an absolute path", accepts: { $0.hasPrefix("/") })
    public static let instancesPath = Option(
        "DEFAULT", "instances_path", default: "",
        help: "Folder of the instances' disks; empty means \"instances\" in state_path.")
    public static let myIP = Option(
        "DEFAULT", "my_ip", default: "", help: "Management address of this host; empty means its first IPv4 address.")
    public static let cloudID = Option(
        "DEFAULT", "cloud_id", default: "",
        help: "UUID of the cloud, the same on all hosts; empty means the one kept in state_path/cloud_id.")
    public static let debug = Option("DEFAULT", "debug", default: false, help: "Log at debug level.")
    public static let logJSON = Option("DEFAULT", "log_json", default: false, help: "Log one JSON object a line.")
    public static let logFile = Option(
        "DEFAULT", "log_file", default: "", help: "File to append the log to; empty means standard error.")
    public static let monitoringEnabled = Option(
        "monitoring", "enabled", default: true, help: "Serve /metrics, /healthz and /readyz.")
    public static let monitoringListen = Option(
        "monitoring", "listen", default: "127.0.0.1", help: "Address of the monitoring listener.")
    public static let monitoringPort = Option(
        "monitoring", "port", default: -1,
        help: "Port of the monitoring listener; -1 means the daemon's own default, 0 any free port.", in: -1...65535)
    public static let databasePath = Option(
        "database", "path", default: "", help: "Folder of the SQLite files; empty means state_path.")
    public static let databaseConnection = Option(
        "database", "connection", default: "",
        help:
            "Where the databases are: a folder of SQLite files, or a PostgreSQL database with a schema for each service.",
        secret: true, expected: DatabaseAddress.expectation, accepts: { DatabaseAddress.isConnection($0) })
    public static let databasePoolSize = Option(
        "database", "max_pool_size", default: PostgreSQLTarget.defaultPoolSize,
        help: "The most connections of a service to PostgreSQL: one writes, the others read.", in: 2...100)
    public static let reportInterval = Option(
        "DEFAULT", "report_interval", default: 10, help: "Seconds between a daemon's reports that it lives.",
        in: 1...3600)

    public static let reclaimInterval = Option(
        "DEFAULT", "reclaim_instance_interval", default: 0,
        help: "Seconds for which a deleted server can be restored; 0 deletes at once. The same for api and conductor.",
        in: 0...31_536_000)

    public static let certificateFile = Option(
        "ssl", "cert_file", default: "",
        help: "Certificate (PEM) of the APIs, which then speak HTTPS; read again when it changes. Empty: plain HTTP.")
    public static let keyFile = Option(
        "ssl", "key_file", default: "", help: "Private key (PEM) of the certificate; read again when it changes.")
    public static let authoritiesFile = Option(
        "ssl", "ca_file", default: "",
        help: "Certificates (PEM) that other services' must be signed by; empty means those of the system.")

    public static let faults = Option(
        "fault_injection", "points", default: [String](),
        help: "For tests of debug builds: faults such as workflow.build.network.run.after=die@1.")

    /// Where the database of that name is, by the options.
    public static func databaseAddress(
        _ name: String, _ config: Configuration, statePath: String
    ) -> DatabaseAddress {
        let folder = config[databasePath]
        return DatabaseAddress(
            connection: config[databaseConnection], folder: folder.isEmpty ? statePath : folder, name: name,
            poolSize: config[databasePoolSize])
    }

    /// All of them.
    public static let all: [any OptionDeclaration] =
        [
            host, statePath, instancesPath, myIP, cloudID, debug, logJSON, logFile, monitoringEnabled,
            monitoringListen, monitoringPort, databasePath, databaseConnection, databasePoolSize, reportInterval,
            reclaimInterval, certificateFile, keyFile, authoritiesFile, faults,
        ] + PolicyOptions.all + KeystoneOptions.all + GlanceOptions.all + QueueSettings.options
}
