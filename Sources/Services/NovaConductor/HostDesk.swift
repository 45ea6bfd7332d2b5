import Logging
import NovaCore
import NovaDatabase
import NovaInterfaces
import NovaModel
import NovaRPC
import NovaStore
import NovaWire

/// Answers compute hosts, each about itself and its own instances only.
struct HostDesk: Sendable {
    let bus: RPCBus
    let database: Database
    let reports: ServiceReports
    /// Takes owed cleanups whose host is there again.
    let offer: @Sendable (WorkflowID) -> Void
    let log: Logger

    /// Refuses a compute host that speaks of another.
    private func require(_ host: String, _ call: RPCCall) throws {
        guard call.principal.role != "compute" || call.principal.host == host else {
            throw NovaError(
                .forbidden, "A compute host may only speak of itself.", details: "\(call.principal) spoke of \(host)")
        }
    }

    func report(_ request: HostReport, _ call: RPCCall) async throws -> HostReport.Response {
        let resources = request.resources
        try require(resources.host, call)
        try await reports.take(
            binary: "nova-compute", host: resources.host, topic: "compute", zone: resources.availabilityZone)
        let changed = try await database.write { try HostTable($0).report(resources) }
        // The provider is told each time: placement writes nothing when nothing changed, and may have lost its database.
        _ = try await bus.call(
            PlacementReport(resources.providerID, name: resources.node, Self.inventories(resources)),
            to: .topic(PlacementReport.topic), context: call.context)
        if let changed { try await bus.fanout(HostChanged(changed), topic: HostChanged.topic, context: call.context) }
        return Nothing()
    }

    private static func inventories(_ resources: HostResources) -> [Inventory] {
        [
            Inventory("VCPU", total: resources.vcpus, ratio: resources.cpuAllocationRatio),
            Inventory(
                "MEMORY_MB", total: resources.memoryMB, reserved: resources.reservedMemoryMB,
                ratio: resources.memoryAllocationRatio),
            Inventory("DISK_GB", total: resources.diskGB, ratio: resources.diskAllocationRatio),
        ]
    }

    /// Takes what the hypervisor says into the rows of servers at rest (`spec/states.md`, "Periodic power sync").
    ///
    /// What has changed is found beside the writer, which a report of thousands of instances must not keep from others.
    func power(_ request: PowerReport, _ call: RPCCall) async throws -> PowerReport.Response {
        try require(request.host, call)
        let (response, changed) = try await database.scan { try compare(request, $0) }
        guard request.isComplete || !changed.isEmpty || !request.gone.isEmpty else { return response }
        let begun = try await database.write { connection in
            let resumed = try changed.compactMap { try take($0, request, connection) }
            for missing in request.gone { try lose(missing, request.host, connection) }
            return resumed + (request.isComplete ? try WorkflowTable(connection).wakeOwed(by: request.host) : [])
        }
        for id in begun { offer(id) }
        return response
    }

    /// What the host should know, and the instances whose rows say something else.
    private func compare(
        _ request: PowerReport, _ connection: Connection
    ) throws -> (PowerReport.Response, changed: [InstancePower]) {
        let table = ServerTable(connection)
        let servers = try request.isComplete ? table.onHost(request.host) : []
        var response = PowerReport.Response()
        var changed: [InstancePower] = []
        response.ports = servers.flatMap { $0.network.ports.map(\.portID) }
        let known = Dictionary(servers.map { ($0.id, $0) }) { a, _ in a }
        for instance in request.instances {
            // One that has no row is for operators to judge (`novactl audit`): an older database knows fewer servers.
            let found = try known[instance.serverID] ?? table.find(instance.serverID, deleted: true)
            guard let server = found else {
                response.hasStrangers = true
                continue
            }
            guard !Self.isGone(server) else {
                response.unknown.append(instance.serverID)
                continue
            }
            guard server.host == request.host else {
                // Whether it may go is for the reconcilers to judge; until then it keeps its taps.
                response.ports += server.network.ports.map(\.portID)
                continue
            }
            guard Self.mayTake(instance, server) else { continue }
            if request.isComplete, request.looksAgain {
                response.doubted.append(ServerVersion(server.id, version: server.updatedAt))
            } else {
                changed.append(instance)
            }
        }
        let reported = Set(request.instances.map(\.serverID))
        response.missing = servers.filter { Self.mustExist($0) && !reported.contains($0.id) }
            .map { ServerVersion($0.id, version: $0.updatedAt) }
        return (response, changed)
    }

    /// Whether a reported state is news about a server at rest.
    private static func mayTake(_ instance: InstancePower, _ server: ServerRecord) -> Bool {
        server.taskState == nil && server.powerState != instance.powerState
    }

    /// Inside a transaction: takes one instance's state into its row, unless the server has changed since.
    ///
    /// - Returns: the workflow that starts it again, where that is wanted.
    private func take(
        _ instance: InstancePower, _ request: PowerReport, _ connection: Connection
    ) throws -> WorkflowID? {
        let table = ServerTable(connection)
        guard let server = try table.find(instance.serverID), !Self.isGone(server), server.host == request.host,
            Self.mayTake(instance, server), [InstancePower.none, server.updatedAt].contains(instance.version)
        else { return nil }
        if request.resumesGuests, PowerSync.hasStopped(server, instance.powerState) {
            log.info(
                "starting a server again after its host was started",
                metadata: ["server": "\(server.id)", "host": "\(request.host)"])
            return try Self.resume(server, instance.powerState, connection)
        }
        let after = try table.change(server.id) { PowerSync.apply(instance.powerState, to: &$0) }
        guard let after, after.vmState != server.vmState else { return nil }
        try ServerChangeTable(connection).note(
            "power sync", by: "nova-compute",
            why: "The host says \(instance.powerState.rawValue).", from: server, to: after)
        return nil
    }

    /// Begins the start of a server whose guest went down with its host.
    private static func resume(
        _ server: ServerRecord, _ powerState: PowerState, _ connection: Connection
    ) throws -> WorkflowID {
        let state = PowerActionState(server.id, .start)
        try ServerTable(connection).change(server.id) { server in
            server.powerState = powerState
            server.taskState = state.action.serverAction.taskState
        }
        let workflow = WorkflowRecord(
            kind: WorkflowKindName.power, server: server.id, context: .onBehalf(of: server), data: state.encoded(),
            now: try connection.now())
        try WorkflowTable(connection).insert(workflow)
        return workflow.id
    }

    /// Whether it is certain that no host should have an instance of a server.
    private static func isGone(_ server: ServerRecord) -> Bool {
        server.isDeleted || server.host == nil && server.vmState == .error && server.taskState == nil
    }

    private static let existing: Set<VMState> = [.active, .stopped, .paused, .suspended, .rescued]

    /// Whether a server at rest should have an instance on its host.
    private static func mustExist(_ server: ServerRecord) -> Bool {
        server.taskState == nil && existing.contains(server.vmState)
    }

    /// Inside a transaction: a server whose instance is gone from its host is in error, unless it has changed since the
    /// host looked.
    private func lose(_ missing: ServerVersion, _ host: String, _ connection: Connection) throws {
        let table = ServerTable(connection)
        guard let server = try table.find(missing.serverID), server.host == host, server.updatedAt == missing.version,
            Self.mustExist(server)
        else { return }
        let error = NovaError(
            .hypervisor, "The server is no longer on its host. A hard reboot may bring it back.",
            details: "host \(host)")
        let after = try table.change(server.id) { server in
            server.vmState = .error
            server.powerState = .noState
            server.fault = ServerFault(error, host: host)
        }
        guard let after else { return }
        try ServerChangeTable(connection).note(
            "power sync", by: "nova-compute", why: error.message, from: server, to: after)
        log.error("a server is no longer on its host", metadata: ["server": "\(server.id)", "host": "\(host)"])
    }

    func hosts(_ request: HostList, _ call: RPCCall) async throws -> HostList.Response {
        try await database.scan { connection in
            var response = HostList.Response()
            response.hosts = try HostTable(connection).list()
            response.aggregates = try AggregateTable(connection).list()
            return response
        }
    }

    func hello(_ request: ServiceHello, _ call: RPCCall) async throws -> ServiceHello.Response {
        try require(request.host, call)
        try await reports.take(
            binary: request.binary, host: request.host, topic: request.topic,
            zone: request.topic == "compute" ? "nova" : "internal")
        if request.topic == "compute" {
            for id in try await database.write({ try WorkflowTable($0).wakeOwed(by: request.host) }) { offer(id) }
        }
        return Nothing()
    }
}
