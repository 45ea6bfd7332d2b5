import NovaCore
import NovaModel

/// The way of disks from one compute host to another: between the two compute services, by a conductor's grant.
protocol DiskTransfer: Sendable {
    /// Offers files of a server to another host, until ``withdraw(_:)``; an earlier offer of the workflow ends.
    ///
    /// - Parameters:
    ///   - files: by their names in the offer, the paths on this host.
    ///   - target: the host that may fetch them.
    /// - Returns: what the target needs, but for the conductor's grant.
    func offer(
        _ files: [String: String], of id: ServerID, in workflow: WorkflowID, to target: String
    ) async throws -> TransferOffer

    /// Fetches one file, whole or not at all; a file that is there already is left as it is, and one that was fetched in part
    /// goes on where it was.
    ///
    /// - Returns: the bytes that this call has brought.
    func fetch(_ file: TransferFile, of id: ServerID, from offer: TransferOffer, to path: String) async throws -> Int64

    /// Ends all offers of a server's files.
    func withdraw(_ id: ServerID)
}
