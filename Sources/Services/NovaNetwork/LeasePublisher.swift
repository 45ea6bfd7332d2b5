import NetworkDriver
import NovaCore

/// Brings the leases of networks to their host: many changes that come while one is written become the next one.
actor LeasePublisher {
    private let write: @Sendable (NetworkID) async throws -> Void
    /// The write that runs, and the one that begins after it.
    private var running: [NetworkID: Task<Void, any Error>] = [:]
    private var waiting: [NetworkID: Task<Void, any Error>] = [:]

    /// - Parameter write: reads the leases of a network and hands them to its host.
    init(write: @escaping @Sendable (NetworkID) async throws -> Void) { self.write = write }

    /// Returns once a write that began after this call has ended.
    ///
    /// - Throws: what that write threw.
    func publish(_ network: NetworkID) async throws {
        if let round = waiting[network] { return try await round.value }
        let before = running[network]
        // Not a child task: it serves every caller that joins it, so one caller's cancellation must not end it.
        let round = Task {
            _ = await before?.result
            self.begin(network)
            defer { self.end(network) }
            try await self.write(network)
        }
        waiting[network] = round
        try await round.value
    }

    private func begin(_ network: NetworkID) {
        running[network] = waiting[network]
        waiting[network] = nil
    }

    private func end(_ network: NetworkID) {
        // The next round has not begun: it waits for this one.
        running[network] = nil
    }
}
