import Logging
import NovaCore
import NovaCrypto
import NovaInterfaces
import NovaModel
import NovaTransfer
import NovaWire
import VirtDriver

/// Guests that come to this host while they run.
final class GuestArrivals: Sendable {
    private let actions: InstanceActions
    private let transfers: TransferListening?
    private let network: String

    init(_ actions: InstanceActions, transfers: TransferListening?, network: String) {
        self.actions = actions
        self.transfers = transfers
        self.network = network
    }

    private var driver: any LiveMigrationDriver {
        get throws {
            guard let driver = actions.driver as? any LiveMigrationDriver else {
                throw NovaError(.notImplemented, "The hypervisor of this host cannot take a running guest.")
            }
            return driver
        }
    }

    /// All that stands against a guest.
    func check(_ request: ComputeCheckGuest) async throws -> ComputeCheckGuest.Response {
        guard let driver = actions.driver as? any LiveMigrationDriver else {
            return ComputeCheckGuest.Response(["its hypervisor cannot take a running guest"])
        }
        let (instance, needs) = (request.instance, request.needs)
        var host = MigrationCheck.Host()
        host.driver = driver.name
        host.network = network
        if driver.name == needs.driver { host.refusals = try await driver.refusals(of: needs) }
        if let folders = actions.folders {
            host.freeDisk = try await folders.freeBytes()
            host.hasBase = needs.base.isEmpty || instance.image != nil || folders.cache.find(like: needs.base) != nil
            host.hasBootFiles =
                (!needs.hasKernel || instance.kernel != nil) && (!needs.hasRamdisk || instance.ramdisk != nil)
        }
        let check = MigrationCheck(needs: needs, host: host, allowsOvercommit: request.allowsOvercommit)
        return ComputeCheckGuest.Response(check.mismatches)
    }

    /// Makes disks, taps and a place.
    func prepare(_ request: ComputePrepareGuest) async throws -> GuestPlace {
        let (instance, driver) = (request.instance, try driver)
        return try await actions.fenced(instance.id, request.fence, ComputePrepareGuest.name) { [actions] in
            guard try await driver.presence(of: instance.id) == .absent else {
                throw NovaError(.conflict, "The compute host has a guest of this id already.")
            }
            var parts = InstanceParts(folder: "")
            if let folders = actions.folders { parts = try await folders.make(instance, like: request.needs) }
            parts.interfaces = try await actions.plugger.plug(instance)
            return try await driver.expect(instance, parts: parts)
        }
    }

    /// Lets the streams of a guest in.
    func expect(_ request: ComputeExpectGuest) async throws -> ComputeExpectGuest.Response {
        guard !actions.fences.isKnownStale(request.serverID, request.fence) else {
            throw NovaError(.stale, "The request was overtaken by a newer one.")
        }
        let streams = try await driver.streams(of: request.serverID, at: request.place)
        guard !streams.isEmpty else { return ComputeExpectGuest.Response() }
        let end = try TransferListening.end(of: transfers)
        let scope = TransferScope(
            serverID: request.serverID, workflowID: request.fence.workflow, purpose: .liveMigration)
        _ = try transfers?.transfers.expect(scope, streams: streams)
        var channel = GuestChannel()
        channel.address = end.address
        channel.port = end.port
        channel.fingerprint = end.fingerprint
        var response = ComputeExpectGuest.Response()
        response.channel = channel
        return response
    }

    /// Makes a guest that has come one like all others.
    func receive(_ request: ComputeReceiveGuest) async throws -> ComputeReceiveGuest.Response {
        let (id, driver) = (request.serverID, try driver)
        return try await actions.fenced(id, request.fence, ComputeReceiveGuest.name) { [self] in
            guard try await driver.presence(of: id) == .here else {
                throw NovaError(.unavailable, "The guest is not here yet.", details: "instance \(id)")
            }
            await forget(id)
            try await actions.folders?.keepConsole(request.console.bytes, of: id)
            let figures = try await driver.arrivalFigures(of: id) ?? MigrationFigures()
            actions.log.info(
                "a running guest has come",
                metadata: [
                    "server": "\(id)", "downtime_ms": "\(figures.downtime)", "elapsed_ms": "\(figures.elapsed)",
                ])
            return ComputeReceiveGuest.Response(try await actions.outcome(id).powerState, figures)
        }
    }

    /// A guest is not expected any more: it has come, or is not to.
    func forget(_ id: ServerID) async {
        transfers?.transfers.withdraw { $0.serverID == id && $0.purpose == .liveMigration }
        await (actions.driver as? any LiveMigrationDriver)?.forgetStreams(of: id)
    }
}
