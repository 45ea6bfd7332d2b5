import NovaCore
import NovaCrypto
import NovaModel
import NovaTransfer

/// Disks that go to another host, over the transfer services of both; those that stay on their host are copied there.
struct HostTransfer: DiskTransfer {
    let local: LocalTransfer
    let listening: TransferListening

    func offer(
        _ files: [String: String], of id: ServerID, in workflow: WorkflowID, to target: String
    ) async throws -> TransferOffer {
        guard target != local.host else { return try await local.offer(files, of: id, in: workflow, to: target) }
        let made = try await listening.transfers.offer(
            TransferScope(serverID: id, workflowID: workflow, purpose: .disk), files)
        var offer = TransferOffer(host: local.host)
        offer.address = listening.address
        offer.port = Int64(made.port)
        offer.fingerprint = made.fingerprint
        offer.files = made.files.map { TransferFile($0.name, size: $0.size, digest: $0.digest) }
        return offer
    }

    func fetch(_ file: TransferFile, of id: ServerID, from offer: TransferOffer, to path: String) async throws -> Int64
    {
        guard offer.host != local.host else { return try await local.fetch(file, of: id, from: offer, to: path) }
        guard (1...65_535).contains(offer.port) else {
            throw NovaError(.malformed, "The offer of the server's disks is malformed.", details: "port \(offer.port)")
        }
        let peer = TransferPeer(
            address: offer.address, port: Int(offer.port), fingerprint: offer.fingerprint, grant: offer.grant)
        do {
            return try await listening.transfers.fetch(
                OfferedFile(name: file.name, size: file.size, digest: file.digest), from: peer, to: path)
        } catch let error as NovaError where [.forbidden, .unauthorized, .notFound].contains(error.code) {
            // Its compute service was started again: the next try of the step asks for a new offer.
            throw NovaError(
                .unavailable, "The offer of the server's disks has ended.",
                details: "\(error)")
        }
    }

    func withdraw(_ id: ServerID) { listening.transfers.withdraw { $0.serverID == id && $0.purpose == .disk } }
}
