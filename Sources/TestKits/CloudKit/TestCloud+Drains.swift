#if DEBUG
import CommonTestKit
public import NovaCore
import NovaDatabase
import NovaInterfaces
public import NovaModel
public import NovaStore

// What operators ask of hosts.
extension TestCloud {
    /// Plans the moves of a host's servers.
    public func plan(_ host: String, _ purpose: DrainPurpose, isCold: Bool = false) async throws -> DrainID {
        try await ask(PlanDrain(host, purpose, isCold: isCold)).drainID
    }

    /// Starts what was planned.
    public func start(_ id: DrainID) async throws {
        try await nova.write { try DrainTable($0).start(id) }
        await tellSchedulers()
    }

    /// Lets a drain begin no more moves.
    public func stop(_ id: DrainID) async throws { try await nova.write { try DrainTable($0).stop(id) } }

    /// Lets a host take servers again.
    public func undrain(_ host: String) async throws {
        guard try await nova.write({ try HostTable($0).release(host) }) else {
            throw NovaError(.notFound, "no host \(host)")
        }
        await tellSchedulers()
    }

    public func drain(_ id: DrainID) async throws -> DrainRecord {
        guard let drain = try await nova.read({ try DrainTable($0).find(id) }) else {
            throw NovaError(.notFound, "no drain \(id)")
        }
        return drain
    }

    /// A drain's moves in the order of its plan.
    public func moves(of id: DrainID) async throws -> [DrainMove] {
        try await nova.read { try DrainTable($0).moves(of: id) }
    }

    /// Waits for the end of a drain; answers its moves.
    public func finish(_ id: DrainID, within limit: Duration = .seconds(60)) async throws -> [DrainMove] {
        do {
            try await until("the end of the drain", within: limit) { try await !drain(id).isActive }
        } catch {
            let states = try await moves(of: id).map { "\($0.serverName) \($0.state.rawValue) \($0.reason)" }
            throw NovaError(error).during("its moves are \(states)")
        }
        return try await moves(of: id)
    }
}
#endif
