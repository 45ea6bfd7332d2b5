import NovaCore
import NovaModel
import NovaProcess

/// Disks that stay on their host, for a move that only changes an instance's size: they are copied there.
struct LocalTransfer: DiskTransfer {
    let host: String
    /// The path of a file that this host has set aside.
    let source: @Sendable (_ name: String, _ id: ServerID) -> String
    let runner: CommandRunner

    func offer(
        _ files: [String: String], of id: ServerID, in workflow: WorkflowID, to target: String
    ) async throws -> TransferOffer {
        var offer = TransferOffer(host: host)
        offer.files = files.sorted { $0.key < $1.key }.map {
            TransferFile($0.key, size: HostFiles.size($0.value) ?? 0)
        }
        return offer
    }

    func fetch(_ file: TransferFile, of id: ServerID, from offer: TransferOffer, to path: String) async throws -> Int64
    {
        if HostFiles.exists(path) { return 0 }
        guard offer.host == host else {
            throw NovaError(
                .notImplemented, "This compute host cannot fetch disks from another one.",
                details: "\(file.name) of \(id) from \(offer.host)")
        }
        try await runner.run(
            "cp", ["--sparse=always", "--reflink=auto", source(file.name, id), "\(path).part"], within: .seconds(3600))
        try HostFiles.move("\(path).part", to: path)
        return HostFiles.size(path) ?? 0
    }

    func withdraw(_ id: ServerID) {}
}
