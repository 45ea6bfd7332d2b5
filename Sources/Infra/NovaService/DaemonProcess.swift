import Dispatch
import Glibc
import Logging
import NovaConfig
import NovaCore
import NovaFaults
import NovaHTTP
import NovaMessaging
import NovaRPC
import NovaTelemetry

/// One running daemon: monitoring and broker outside, services inside, so that services stop first.
struct DaemonProcess: Sendable {
    /// The most from the signal to the end of the process: the HTTP servers give their requests 10 seconds.
    static let graceSeconds = 11

    let log: Logger
    private let daemon: Daemon
    private let config: Configuration
    private let host: String
    private let statePath: String
    private let cloudID: CloudID
    private let certificate: ServerCertificate?
    private let health = HealthRegistry()
    private let signals = StopSignals()

    /// Prepares the state folder and the identity of the host.
    init(_ daemon: Daemon, _ config: Configuration) throws {
        self.daemon = daemon
        self.config = config
        log = Logger(label: daemon.name)
        let name = config[CommonOptions.host]
        host = name.isEmpty ? HostIdentity.hostName() : name
        statePath = config[CommonOptions.statePath]
        certificate = try Self.certificate(config, log)
        if daemon.services.isEmpty {
            cloudID = .none
        } else {
            try HostIdentity.makeFolder(statePath)
            cloudID = try HostIdentity.cloudID(configured: config[CommonOptions.cloudID], statePath: statePath)
        }
    }

    private static func certificate(_ config: Configuration, _ log: Logger) throws -> ServerCertificate? {
        let file = config[CommonOptions.certificateFile]
        let key = config[CommonOptions.keyFile]
        guard file.isEmpty == key.isEmpty else {
            throw NovaError(.badRequest, "[ssl] cert_file and key_file belong together: set both or none.")
        }
        return file.isEmpty ? nil : try ServerCertificate(certificate: file, key: key, log: log)
    }

    func run() async throws {
        let cloud = cloudID == .none ? "-" : cloudID.description
        log.info("\(daemon.name) \(Daemon.version) starts", metadata: ["host": "\(host)", "cloud": "\(cloud)"])
        for warning in config.warnings { log.warning("\(warning)") }
        let faults = config[CommonOptions.faults]
        if !faults.isEmpty { log.warning("faults will be injected: \(faults.joined(separator: " "))") }
        try Faults.configure(faults)
        ProcessMetrics.register(in: .shared)
        health.onChange { [log, name = daemon.name] health in
            if health.isReady {
                log.info("\(name) is ready")
            } else {
                log.warning("\(name) is not ready: \(health.obstacles)")
            }
        }
        for service in daemon.services { health.set(service.name, .starting("has not begun")) }
        let brokerPart =
            daemon.queue == .connects ? nil : health.part("nova-queue/broker", waitsFor: "does not listen yet")
        try await withThrowingTaskGroup(of: Bool.self) { group in
            if let listener = try MonitoringListener(daemon, config, health, log: log) {
                group.addTask {
                    try await listener.run()
                    return false
                }
            }
            if daemon.queue != .connects {
                let embedded = daemon.queue == .embedsBroker ? Daemon.embeddedEndpoint : nil
                let listener = try QueueSettings.listener(config, embedded: embedded, log: log)
                let broker = try QueueBroker(endpoints: listener.endpoints, curve: listener.curve, log: log)
                brokerPart?.ready()
                MetricsRegistry.shared.addSource { [methodName = daemon.methodName] in
                    BrokerMetrics(
                        statistics: broker.statistics, admissions: broker.admissions, methodName: methodName
                    ).snapshots
                }
                group.addTask {
                    try await broker.run()
                    if Task.isCancelled { return false }
                    brokerPart?.set(.failed("was drained; start the process again"))
                    return daemon.services.isEmpty  // a drained nova-queue ends, so that it can be replaced
                }
            }
            group.addTask {
                try await serveUntilSignal()
                return true
            }
            defer { group.cancelAll() }
            while let isServices = try await group.next() {
                if isServices { break }  // a listener that gave up does not stop the services
            }
            group.cancelAll()
            while let _ = try? await group.next() {}  // what fails while it is being stopped changes nothing
        }
        log.info("\(daemon.name) stopped")
    }

    /// Runs the services; returns after a signal and once they have stopped.
    private func serveUntilSignal() async throws {
        try await withThrowingTaskGroup(of: Bool.self) { group in
            group.addTask {
                guard let number = await signals.first() else { return false }
                log.info("\(daemon.name) stops on signal \(number)")
                health.onChange { _ in }  // that it is not ready from now on is no news
                health.set(daemon.name, .failed("is stopping"))
                return true
            }
            group.addTask {
                try await serve()
                return false
            }
            defer { group.cancelAll() }
            while let stopped = try await group.next() {
                guard stopped else {
                    if daemon.services.isEmpty || Task.isCancelled { continue }
                    throw NovaError(.internal, "A service of \(daemon.name) ended by itself.")
                }
                startWatchdog()
                group.cancelAll()
                do {
                    while try await group.next() != nil {}
                } catch {
                    let error = NovaError(error)
                    if error.code != .cancelled { log.warning("A service failed while it stopped: \(error)") }
                }
                return
            }
        }
    }

    /// Makes the services in order, each on its own connection, and runs them; ends when one of them does.
    private func serve() async throws {
        guard !daemon.services.isEmpty else { return }
        var buses: [RPCBus] = []
        do {
            try await withThrowingTaskGroup(of: Void.self) { group in
                defer { group.cancelAll() }
                for factory in daemon.services {
                    var log = Logger(label: factory.name)
                    log.logLevel = self.log.logLevel
                    let brokers =
                        daemon.queue == .embedsBroker
                        ? [BrokerAddress(Daemon.embeddedEndpoint)]
                        : try QueueSettings.brokers(config, role: factory.role, host: host)
                    let bus = try await RPCBus.connect(
                        to: brokers, role: factory.role, host: host, instance: "\(getpid())", log: log)
                    buses.append(bus)
                    let watch = QueueHealth(
                        health.part("\(factory.name)/queue", waitsFor: "no broker answers"),
                        endpoints: brokers.map(\.endpoint), log: log)
                    group.addTask { await watch.watch(bus) }
                    health.set(factory.name, .starting("prepares its work"))
                    let service = try await factory.make(
                        ServiceContext(
                            name: factory.name, config: config, log: log, bus: bus, metrics: .shared, health: health,
                            host: host, statePath: statePath, cloudID: cloudID, certificate: certificate))
                    health.set(factory.name, .ready)
                    group.addTask { [health] in
                        defer { health.set(factory.name, .failed("stopped")) }
                        try await service.run()
                    }
                }
                try await group.next()
            }
        } catch {
            await close(buses)
            throw error
        }
        await close(buses)
    }

    /// Lets all connections drain; in a task of its own, because the one that calls is cancelled already.
    private func close(_ buses: [RPCBus]) async {
        await Task {
            await withTaskGroup(of: Void.self) { group in
                for bus in buses { group.addTask { await bus.close() } }
            }
        }.value
    }

    /// Ends the process when its parts do not stop in time.
    private func startWatchdog() {
        DispatchQueue.global().asyncAfter(deadline: .now() + .seconds(Self.graceSeconds)) { [log] in
            log.critical("Not everything stopped within \(Self.graceSeconds) s; the process ends now")
            _exit(1)
        }
    }
}
