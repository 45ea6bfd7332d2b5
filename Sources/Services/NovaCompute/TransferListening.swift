import Logging
import NovaAuth
import NovaConfig
import NovaCore
import NovaCrypto
import NovaInterfaces
import NovaProcess
import NovaService
import NovaTelemetry
import NovaTransfer

/// The host's transfers as a part of its compute service: grants are the conductor's, and listening is kept up.
struct TransferListening: Sendable {
    /// The pause after the address could not be listened on.
    private static let pause = Duration.seconds(5)

    let transfers: TransferHost
    /// Where others reach it.
    let address: String
    private let part: HealthPart
    private let log: Logger

    init(_ context: ServiceContext) throws {
        let configured = context.config[ComputeOptions.transferAddress]
        address = configured.isEmpty ? context.myIP : configured
        part = context.part("transfers", waitsFor: "does not listen for other compute hosts yet")
        log = context.log
        let authority = GrantAuthority(bus: context.bus)
        transfers = try TransferHost(
            host: context.host, address: address, port: context.config[ComputeOptions.transferPort],
            threads: WorkerThreads(name: "transfer", count: 4), metrics: context.metrics, log: context.log,
            verify: { try await authority.verify($0) })
    }

    /// Listens until the task is cancelled, again when it could not.
    func run() async {
        while !Task.isCancelled {
            do {
                try await transfers.run { part.ready() }
            } catch {
                let error = NovaError(error)
                guard error.code != .cancelled else { return }
                part.set(.degraded("other compute hosts cannot connect: \(error)"))
                log.error("transfers do not listen", metadata: ["error": "\(error)"])
                try? await SteadyClock.sleep(for: Self.pause)  // it ends early only when we are cancelled
            }
        }
    }

    /// What a conductor needs for a grant of this host.
    ///
    /// - Throws: ``NovaError`` `notImplemented` on a host without transfers, `unavailable` before it listens.
    static func end(of listening: TransferListening?) throws -> ComputeTransferEnd.Response {
        guard let listening else {
            throw NovaError(.notImplemented, "This compute host neither sends nor fetches disks.")
        }
        guard let port = listening.transfers.listeningPort else { throw TransferHost.isNotListening }
        var response = ComputeTransferEnd.Response()
        response.address = listening.address
        response.port = Int64(port)
        response.fingerprint = listening.transfers.end.fingerprint
        return response
    }
}
