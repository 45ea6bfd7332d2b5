public import NetworkDriver
public import NovaCore
import Synchronization

/// Networks in memory.
public final class FakeNetworkHost: NetworkHost {
    private struct State {
        var networks: [NetworkID: HostedNetwork] = [:]
        var leases: [NetworkID: [AddressLease]] = [:]
        var leaseUpdates = 0
    }
    private let state = Mutex(State())
    public let servesLeases: Bool

    /// - Parameter servesLeases: false spares the service from collecting leases that nobody reads.
    public init(servesLeases: Bool = false) { self.servesLeases = servesLeases }

    /// The networks that exist now.
    public var networks: [NetworkID: HostedNetwork] { state.withLock { $0.networks } }
    /// How many times leases were written, for tests of batching.
    public var leaseUpdates: Int { state.withLock { $0.leaseUpdates } }
    /// The leases in force for a network.
    public func leases(of network: NetworkID) -> [AddressLease] { state.withLock { $0.leases[network] ?? [] } }

    public func ensure(_ network: HostedNetwork) async throws { state.withLock { $0.networks[network.id] = network } }

    public func remove(_ network: NetworkID) async throws {
        state.withLock {
            $0.networks[network] = nil
            $0.leases[network] = nil
        }
    }

    public func updateLeases(_ leases: [AddressLease], of network: NetworkID) async throws {
        state.withLock {
            $0.leases[network] = leases
            $0.leaseUpdates += 1
        }
    }

    public func sweep(keeping networks: [HostedNetwork]) async throws {
        state.withLock { state in
            state.networks = Dictionary(networks.map { ($0.id, $0) }) { $1 }
            for id in state.leases.keys where state.networks[id] == nil { state.leases[id] = nil }
        }
    }
}
