import Glibc
public import Logging
public import NovaMessaging
public import NovaRPC

/// What command line tools need of the system's parts without being a daemon.
public enum ToolSupport {
    /// A log that shows only what an operator must know.
    public static var log: Logger {
        var log = Logger(label: "tool") { StreamLogHandler.standardError(label: $0) }
        log.logLevel = .error
        return log
    }

    /// A connection to brokers for questions of an operator; close it after use.
    ///
    /// An operator's keys may be used on any host: the name is that of the keys, else this host's.
    /// - Parameter role: what its keys stand for.
    public static func connect(to brokers: [BrokerAddress], role: String = "admin") async throws -> RPCBus {
        let host = brokers.lazy.compactMap { $0.curve?.keys.host }.first { !$0.isEmpty }
        return try await RPCBus.connect(
            to: brokers, role: role, host: host ?? HostIdentity.hostName(), instance: "novactl-\(getpid())",
            log: log)
    }

    /// Returns at the first SIGINT or SIGTERM, so that a tool can end in good order; a second one ends the process.
    public static func untilStopped() async { _ = await StopSignals().first() }
}
