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
    func power(_ request: PowerReport, _ call: RPCCall) async throws -> PowerReport.Response {
        try require(request.host, call)
        return try await database.write { connection in
            let table = ServerTable(connection)
            let servers = try request.isComplete ? table.onHost(request.host) : []
            var response = PowerReport.Response()
            response.ports = servers.flatMap { $0.network.ports.map(\.portID) }
            let known = Dictionary(servers.map { ($0.id, $0) }) { a, _ in a }
            for instance in request.instances {
                let found = try known[instance.serverID] ?? table.find(instance.serverID)
                guard let server = found, server.host == request.host else {
                    response.unknown.append(instance.serverID)
                    continue
                }
                guard server.taskState == nil, server.powerState != instance.powerState else { continue }
                try table.change(server.id) { PowerSync.apply(instance.powerState, to: &$0) }
            }
            return response
        }
    }

    func hosts(_ request: HostList, _ call: RPCCall) async throws -> HostList.Response {
        var response = HostList.Response()
        response.hosts = try await database.read { try HostTable($0).list() }
        return response
    }

    func hello(_ request: ServiceHello, _ call: RPCCall) async throws -> ServiceHello.Response {
        try require(request.host, call)
        try await reports.take(
            binary: request.binary, host: request.host, topic: request.topic,
            zone: request.topic == "compute" ? "nova" : "internal")
        return Nothing()
    }
}
