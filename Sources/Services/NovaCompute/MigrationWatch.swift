import Logging
import NovaCore
import NovaInterfaces
import NovaModel
import VirtDriver

/// Watches one live migration: tells the conductor how far it is, and does what operators want and what its time demands.
struct MigrationWatch {
    let host: String
    let migrationID: MigrationID
    let serverID: ServerID
    let driver: any LiveMigrationDriver
    let flight: MigrationFlight
    let conductor: any ConductorLink
    let interval: Duration
    let log: Logger

    /// Watches until it is cancelled.
    ///
    /// - Throws: ``MigrationFlight/aborted`` for one that was aborted before its guest began to move.
    func run(_ pilot: MigrationPilot) async throws {
        var pilot = pilot
        while true {
            try await SteadyClock.sleep(for: interval)
            let elapsed = flight.elapsed
            let wish = flight.isAborted ? .abort : try await report(isMoving: elapsed != nil)
            switch pilot.next(elapsed: elapsed, wish: wish) {
            case .goOn: continue
            case .abort:
                guard flight.abort() else { throw MigrationFlight.aborted }
                await act("aborted") { try await driver.abortMigration(of: serverID) }
            case .complete:
                await act("completed") { pilot.completes(by: try await driver.completeMigration(of: serverID)) }
            }
        }
    }

    private func report(isMoving: Bool) async throws -> MigrationWish? {
        do {
            let figures = isMoving ? try await driver.figures(of: serverID) ?? MigrationFigures() : nil
            return try await conductor.report(MigrationReport(host: host, migrationID, figures)).wish
        } catch {
            try Task.checkCancellation()
            // The guest moves on; what it was asked is asked again.
            log.debug("a live migration could not be reported", metadata: ["error": "\(NovaError(error))"])
            return nil
        }
    }

    private func act(_ what: String, _ body: () async throws -> Void) async {
        do {
            try await body()
            log.info("a live migration is being \(what)", metadata: ["server": "\(serverID)"])
        } catch {
            log.warning(
                "a live migration could not be \(what)",
                metadata: ["server": "\(serverID)", "error": "\(NovaError(error))"])
        }
    }
}
