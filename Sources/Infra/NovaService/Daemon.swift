public import NovaConfig

/// What one executable runs.
public struct Daemon: Sendable {
    /// How the process takes part in the queue.
    public enum Queue: Sendable {
        /// Its services connect to the brokers of `[queue] brokers`.
        case connects
        /// It is a broker at `[queue] listen`, or the one of `[queue] brokers`.
        case isBroker
        /// It has its own broker inside the process; other processes reach it when one of them is set.
        case embedsBroker
    }
    /// The version that all programs of this release report.
    public static let version = "0.1.0"
    /// Where the embedded broker listens.
    static let embeddedEndpoint = "inproc://nova-queue"

    public let name: String
    public let services: [ServiceFactory]
    public let queue: Queue
    /// Used when `[monitoring] port` is -1.
    public let monitoringPort: Int
    /// The name of an interface's method by its number, for the metrics of a broker.
    public let methodName: @Sendable (String, Int64) -> String?

    public init(
        name: String, services: [ServiceFactory], queue: Queue = .connects, monitoringPort: Int? = nil,
        methodName: @escaping @Sendable (String, Int64) -> String? = { _, _ in nil }
    ) {
        self.name = name
        self.services = services
        self.queue = queue
        self.methodName = methodName
        self.monitoringPort = monitoringPort ?? Self.monitoringPorts[name] ?? 0
    }

    /// A daemon of one service, under the service's name.
    public init(_ service: ServiceFactory) { self.init(name: service.name, services: [service]) }

    /// Every option that the process reads.
    public var options: [any OptionDeclaration] { CommonOptions.all + services.flatMap(\.options) }

    /// The monitoring port of each daemon unless it is told another: the service's own port plus 10000; 1878x for those
    /// that have none.
    public static let monitoringPorts: [String: Int] = [
        "nova-identity": 15000, "nova-image": 19292, "nova-api": 18774, "nova-placement-api": 18778,
        "nova-network": 19696, "nova-queue": 15550, "nova-standalone": 18780, "nova-scheduler": 18781,
        "nova-conductor": 18782, "nova-compute": 18783,
    ]
}
