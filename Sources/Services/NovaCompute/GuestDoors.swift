import NovaCore
import NovaModel
import NovaTransfer

/// The doors at which this host's hypervisor finds the streams of another one, open as long as a guest moves.
struct GuestDoors {
    /// Hypervisors run as users of their own; the folder of the doors is known to nobody else.
    private static let mode: UInt32 = 0o666

    let transfers: TransferHost
    let peer: TransferPeer

    init(_ transfers: TransferHost, _ channel: GuestChannel) throws {
        guard (1...65_535).contains(channel.port) else {
            throw NovaError(
                .malformed, "The way to the other compute host is malformed.", details: "port \(channel.port)")
        }
        self.transfers = transfers
        peer = TransferPeer(
            address: channel.address, port: Int(channel.port), fingerprint: channel.fingerprint, grant: channel.grant)
    }

    /// Runs a body while the doors are open.
    ///
    /// - Parameter doors: the paths, by the names of their streams.
    func with(_ doors: [String: String], _ body: @escaping @Sendable () async throws -> Void) async throws {
        let (opened, continuation) = AsyncStream.makeStream(of: Void.self)
        try await withThrowingTaskGroup(of: Bool.self) { group in
            for (name, path) in doors {
                group.addTask {
                    try await transfers.open(name, of: peer, at: path, mode: Self.mode) { continuation.yield() }
                    return false
                }
            }
            group.addTask {
                var waiting = doors.count
                if waiting > 0 {
                    for await _ in opened {
                        waiting -= 1
                        if waiting == 0 { break }
                    }
                }
                try Task.checkCancellation()
                try await body()
                return true
            }
            defer { group.cancelAll() }
            while let isOver = try await group.next() { if isOver { return } }
        }
    }
}
