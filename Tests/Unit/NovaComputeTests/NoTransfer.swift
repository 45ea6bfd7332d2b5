import NovaCore
import NovaModel

@testable import NovaCompute

/// For hosts whose instances have no disks.
struct NoTransfer: DiskTransfer {
    func offer(
        _ files: [String: String], of id: ServerID, in workflow: WorkflowID, to target: String
    ) async throws -> TransferOffer {
        TransferOffer(host: "here")
    }

    func withdraw(_ id: ServerID) {}

    func fetch(_ file: TransferFile, of id: ServerID, from offer: TransferOffer, to path: String) async throws -> Int64
    {
        throw NovaError(.notImplemented, "there are no disks")
    }
}
