public import NovaCore

/// What nova-network has made on its host: bridges, gateway addresses, DHCP and NAT.
///
/// Every method may be repeated.
///
/// Nothing of it ends with the daemon: guests keep their network while nova-network restarts.
public protocol NetworkHost: Sendable {
    /// Whether ``updateLeases(_:of:)`` does anything: when not, the caller need not collect the leases.
    var servesLeases: Bool { get }

    /// Makes the network, or changes it to what is given.
    ///
    /// - Throws: ``NovaError`` `conflict` when a device or an address range of the host is in the way, `hypervisor`
    ///   when a command fails or is missing.
    func ensure(_ network: HostedNetwork) async throws

    /// Removes the network; succeeds when there is none.
    func remove(_ network: NetworkID) async throws

    /// Makes exactly these the leases of a network. They are in force when it returns.
    func updateLeases(_ leases: [AddressLease], of network: NetworkID) async throws

    /// Makes exactly these networks: each is ensured, and others of this cloud and host are removed.
    ///
    /// One network's failure does not keep the others from being made; the first one is thrown at the end.
    func sweep(keeping networks: [HostedNetwork]) async throws
}

/// What a network driver needs to know of the daemon that it works for.
public struct NetworkHostSettings: Sendable {
    public var marks: HostMarks
    /// The daemon's state folder; the driver's files are in `network/` in it.
    public var statePath: String

    public init(marks: HostMarks, statePath: String) {
        self.marks = marks
        self.statePath = statePath
    }
}
