public import Logging
public import NovaConfig
public import NovaCore
public import NovaHTTP
public import NovaRPC
public import NovaTelemetry

/// What a service gets from the process that runs it.
public struct ServiceContext: Sendable {
    /// The service: "nova-api".
    public var name: String
    public var config: Configuration
    public var log: Logger
    /// The service's own connection to the queue; the runner closes it.
    public var bus: RPCBus
    public var metrics: MetricsRegistry
    public var health: HealthRegistry
    /// The host's name in the cloud.
    public var host: String
    /// The folder of the process's state; exists.
    public var statePath: String
    public var cloudID: CloudID
    /// What the process's APIs show to clients; nil for plain HTTP.
    public var certificate: ServerCertificate?

    public init(
        name: String, config: Configuration, log: Logger, bus: RPCBus, metrics: MetricsRegistry = .shared,
        health: HealthRegistry = HealthRegistry(), host: String, statePath: String, cloudID: CloudID,
        certificate: ServerCertificate? = nil
    ) {
        self.name = name
        self.config = config
        self.log = log
        self.bus = bus
        self.metrics = metrics
        self.health = health
        self.host = host
        self.statePath = statePath
        self.cloudID = cloudID
        self.certificate = certificate
    }

    /// Registers a part of the service that cannot work yet, and what it waits for; the process is not ready before.
    public func part(_ part: String, waitsFor cause: String) -> HealthPart {
        health.part("\(name)/\(part)", waitsFor: cause)
    }

    /// Where a service's database is: `[database] connection`, else `NAME.sqlite` in `[database] path` or the state
    /// folder.
    public func databaseAddress(_ name: String) -> DatabaseAddress {
        CommonOptions.databaseAddress(name, config, statePath: statePath)
    }

    /// The folder of the instances' disks.
    public var instancesPath: String {
        let path = config[CommonOptions.instancesPath]
        return path.isEmpty ? "\(statePath)/instances" : path
    }

    /// The management address of this host.
    public var myIP: String {
        let address = config[CommonOptions.myIP]
        return address.isEmpty ? HostIdentity.firstAddress() : address
    }
}
