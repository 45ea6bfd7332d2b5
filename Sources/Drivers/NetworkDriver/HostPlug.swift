public import NovaCore
public import NovaModel

/// Connects guests to networks on one compute host.
///
/// Every method may be repeated.
public protocol HostPlug: Sendable {
    /// Makes the port's tap on the network's bridge.
    ///
    /// - Returns: the tap's device name, for the hypervisor.
    /// - Throws: ``NovaError`` `conflict` when a device of the name is not ours, `hypervisor` when a command fails.
    func plug(_ port: PortBinding, serverID: ServerID) async throws -> String

    /// The same for a guest whose device has several pairs of queues.
    func plugWithQueues(_ port: PortBinding, serverID: ServerID) async throws -> String

    /// Makes the port's bridge alone, for a hypervisor that makes its own device in it.
    ///
    /// - Returns: the name that the device shall have; it is the hypervisor's to remove.
    /// - Throws: as ``plug(_:serverID:)``.
    func prepare(_ port: PortBinding) async throws -> String

    /// Removes the port's tap; succeeds when there is none.
    func unplug(_ port: PortBinding, serverID: ServerID) async throws

    /// Removes the taps of this cloud and host whose port is not named, and bridges that nothing uses any more.
    ///
    /// - Returns: the names of the removed devices.
    @discardableResult
    func sweep(keeping ports: Set<PortID>) async throws -> [String]
}

extension HostPlug {
    public func plugWithQueues(_ port: PortBinding, serverID: ServerID) async throws -> String {
        try await plug(port, serverID: serverID)
    }
}
