public import Logging
public import NetworkDriver
public import NovaCore
import NovaProcess
import Synchronization

/// Networks on a Linux host: bridges by `ip`, DHCP by dnsmasq, NAT by nft.
public final class LinuxNetworkHost: NetworkHost {
    public let servesLeases = true

    private struct State {
        var networks: [NetworkID: HostedNetwork] = [:]
        var leases: [NetworkID: Set<AddressLease>] = [:]
        /// The NAT script in force, empty when not known.
        var natScript = ""
    }
    private let state = Mutex(State())
    private let settings: NetworkHostSettings
    private let commands: HostCommands
    private let bridges: BridgeMaker
    private let log: Logger
    /// One change at a time.
    private let gate = AsyncGate(limit: 1)

    private var marks: HostMarks { settings.marks }

    /// - Parameter fabric: as of ``LinuxHostPlug/init(marks:fabric:commands:)``.
    public init(
        settings: NetworkHostSettings, fabric: String? = nil, log: Logger, commands: HostCommands = HostCommands()
    ) {
        self.settings = settings
        self.commands = commands
        self.log = log
        bridges = BridgeMaker(commands: commands, marks: settings.marks, fabric: fabric)
    }

    public func ensure(_ network: HostedNetwork) async throws {
        try await gate.with { [self] in
            try await make(network)
            try await applyNAT()
        }
    }

    public func remove(_ network: NetworkID) async throws {
        try await gate.with { [self] in
            try await drop(network)
            try await applyNAT()
        }
    }

    public func updateLeases(_ leases: [AddressLease], of network: NetworkID) async throws {
        try await gate.with { [self] in
            guard let hosted = state.withLock({ $0.networks[network] }) else {
                throw NovaError(.notFound, "The network is not on this host.", details: "network \(network)")
            }
            let server = self.server(hosted)
            guard server.isNeeded else { return }
            let known = state.withLock { $0.leases[network] }
            let wanted = Set(leases)
            let inNamespace = commands.namespace != nil
            let isReloaded = try await HostCommands.files.run {
                let before = known ?? Set(server.writtenLeases())
                if before != wanted || known == nil {
                    try server.prepare()
                    try server.write(leases)
                }
                let held = Set(wanted.map { "\($0.mac)\($0.address)" })
                let ended = before.filter { !held.contains("\($0.mac)\($0.address)") }
                // The socket would be in the daemon's namespace, not in the named one.
                if !inNamespace { Self.release(Array(ended), hosted) }
                return server.reload()
            }
            if !isReloaded {
                log.warning("DHCP was not running and is started again", metadata: ["network": "\(network)"])
                try await server.start(commands)
            }
            state.withLock { $0.leases[network] = wanted }
        }
    }

    public func sweep(keeping networks: [HostedNetwork]) async throws {
        try await gate.with { [self] in
            var first: (any Error)?
            for network in networks {
                do { try await make(network) } catch {
                    log.error(
                        "a network could not be made", metadata: ["network": "\(network.id)", "error": "\(error)"])
                    first = first ?? error
                }
            }
            let kept = Set(networks.map(\.id))
            for id in try await leftovers(kept) { try await drop(id) }
            state.withLock { $0.natScript = "" }
            try await applyNAT()
            if let first { throw first }
        }
    }

    private func make(_ network: HostedNetwork) async throws {
        try await checkRanges(of: network)
        try await bridges.ensure(network.bridge, network: network.id, mtu: network.mtu)
        let wanted = Set(network.subnets.map { "\($0.hostAddress)/\($0.range.prefix)" })
        let present = Set(try await commands.addresses(of: network.bridge).map { "\($0.address)/\($0.prefix)" })
        let changes =
            present.subtracting(wanted).sorted().map { "address delete \($0) dev \(network.bridge)" }
            + wanted.subtracting(present).sorted().map { "address add \($0) dev \(network.bridge)" }
        if !changes.isEmpty { try await commands.batch(changes) }
        if network.subnets.contains(where: \.routed) { try await commands.enableForwarding() }
        state.withLock { $0.networks[network.id] = network }
        let server = self.server(network)
        if server.isNeeded {
            try await server.start(commands)
        } else {
            try await HostCommands.files.run { server.stop() }
        }
    }

    /// A range that the host itself uses would cut the host off from its own network.
    private func checkRanges(of network: HostedNetwork) async throws {
        let others = try await commands.addresses().filter { $0.device != network.bridge && $0.device != "lo" }
        for subnet in network.subnets {
            guard let other = others.first(where: { $0.range.map(subnet.range.overlaps) ?? false }) else { continue }
            throw NovaError(
                .conflict, "The address range \(subnet.range) is in use on the network host. Choose another range.",
                details: "network \(network.id): \(subnet.range) overlaps \(other.address)/\(other.prefix) of device "
                    + "\(other.device); for the default network set [network] default_cidr")
        }
    }

    /// The networks of ours on the host that are not to be kept.
    private func leftovers(_ kept: Set<NetworkID>) async throws -> Set<NetworkID> {
        let marked = try await commands.links().compactMap { marks.network(markedBy: $0.alias) }
        let root = DHCPServer.root(statePath: settings.statePath, cloud: marks.cloudID)
        let folders = try await HostCommands.files.run { HostFiles.names(in: root).compactMap { NetworkID($0) } }
        return Set(marked).union(folders).union(state.withLock { Set($0.networks.keys) }).subtracting(kept)
    }

    private func drop(_ network: NetworkID) async throws {
        let bridge = NetworkNames.bridge(cloud: marks.cloudID, network: network)
        let server = self.server(HostedNetwork(id: network, name: "", bridge: bridge, mtu: 0))
        try await HostCommands.files.run { server.remove() }
        try await bridges.remove(bridge, network: network)
        state.withLock {
            $0.networks[network] = nil
            $0.leases[network] = nil
        }
    }

    private func applyNAT() async throws {
        let (networks, current) = state.withLock { (Array($0.networks.values), $0.natScript) }
        let script = NATScript.text(networks, marks: marks)
        guard script != current else { return }
        do {
            try await commands.run("nft", ["-f", "-"], input: script)
        } catch let error as NovaError where error.code == .hypervisor {
            throw error.during("NAT (Debian package nftables)")
        }
        state.withLock { $0.natScript = script }
    }

    private func server(_ network: HostedNetwork) -> DHCPServer {
        DHCPServer(statePath: settings.statePath, cloud: marks.cloudID, network: network)
    }

    private static func release(_ leases: [AddressLease], _ network: HostedNetwork) {
        for subnet in network.subnets where subnet.dhcp {
            let own = leases.filter { subnet.range.contains($0.address) }
            guard !own.isEmpty else { continue }
            _ = DHCPRelease.send(own, server: subnet.hostAddress, bridge: network.bridge)
        }
    }
}
