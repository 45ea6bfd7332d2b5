public import Logging
import Glibc
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
    public static func connect(to endpoints: [String]) async throws -> RPCBus {
        try await RPCBus.connect(
            to: endpoints, role: "admin", host: HostIdentity.hostName(), instance: "novactl-\(getpid())", log: log)
    }
}
