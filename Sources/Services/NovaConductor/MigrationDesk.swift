import NovaCore
import NovaDatabase
import NovaInterfaces
import NovaModel
import NovaRPC
import NovaStore

/// Takes what hosts tell of live migrations, and tells them what operators want of these.
struct MigrationDesk: Sendable {
    private static let underWay: Set<String> = ["queued", "preparing", "running"]

    let database: Database

    func report(_ request: MigrationReport, _ call: RPCCall) async throws -> MigrationReport.Response {
        guard call.principal.role != "compute" || call.principal.host == request.host else {
            throw NovaError(
                .forbidden, "A compute host may only speak of itself.",
                details: "\(call.principal) spoke of \(request.host)")
        }
        return try await database.write { try Self.take(request, $0) }
    }

    private static func take(_ request: MigrationReport, _ connection: Connection) throws -> MigrationReport.Response {
        let table = MigrationTable(connection)
        // One that nobody works on is not to move its guest.
        guard let migration = try table.find(request.migrationID), migration.sourceHost == request.host,
            underWay.contains(migration.status), let server = try ServerTable(connection).find(migration.serverID),
            server.taskState == .migrating
        else { return MigrationReport.Response(.abort) }
        let after = try table.change(request.migrationID) { migration in
            migration.status = request.figures == nil ? "queued" : "running"
            // The hypervisor counts nothing yet, or any more.
            if let figures = request.figures, figures.memoryTotal > 0 { migration.figures = figures }
        }
        if let figures = request.figures, figures.memoryTotal > 0, figures.percentage != server.progress {
            try ServerTable(connection).change(server.id) { $0.progress = figures.percentage }
        }
        return MigrationReport.Response(after?.wish)
    }
}
