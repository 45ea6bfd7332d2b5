import NovaCore
public import NovaInterfaces
public import NovaModel
import NovaRPC

/// The only service that a compute host may ask.
public protocol ConductorLink: Sendable {
    func report(_ resources: HostResources) async throws
    func report(_ power: PowerReport) async throws -> PowerReport.Response
    func report(_ migration: MigrationReport) async throws -> MigrationReport.Response
}

/// The conductor behind the queue.
struct QueueConductor: ConductorLink {
    let bus: RPCBus

    func report(_ resources: HostResources) async throws {
        _ = try await bus.call(
            HostReport(resources), to: .topic(HostReport.topic), context: .system(), timeout: .seconds(15))
    }

    func report(_ power: PowerReport) async throws -> PowerReport.Response {
        try await bus.call(power, to: .topic(PowerReport.topic), context: .system(), timeout: .seconds(30))
    }

    func report(_ migration: MigrationReport) async throws -> MigrationReport.Response {
        try await bus.call(migration, to: .topic(MigrationReport.topic), context: .system(), timeout: .seconds(10))
    }
}
