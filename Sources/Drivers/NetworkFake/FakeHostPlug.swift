public import NetworkDriver
public import NovaCore
public import NovaModel
import Synchronization

/// Taps in memory: for tests and for clouds of fake guests.
public final class FakeHostPlug: HostPlug {
    private let taps = Mutex<[PortID: String]>([:])

    public init() {}

    /// The ports that are plugged now.
    public var plugged: Set<PortID> { taps.withLock { Set($0.keys) } }

    public func plug(_ port: PortBinding, serverID: ServerID) async throws -> String {
        let name = NetworkNames.tap(port.portID)
        taps.withLock { $0[port.portID] = name }
        return name
    }

    public func prepare(_ port: PortBinding) async throws -> String { NetworkNames.tap(port.portID) }

    public func unplug(_ port: PortBinding, serverID: ServerID) async throws {
        taps.withLock { _ = $0.removeValue(forKey: port.portID) }
    }

    @discardableResult
    public func sweep(keeping ports: Set<PortID>) async throws -> [String] {
        taps.withLock { taps in
            let gone = taps.filter { !ports.contains($0.key) }
            for port in gone.keys { taps[port] = nil }
            return gone.values.sorted()
        }
    }
}
