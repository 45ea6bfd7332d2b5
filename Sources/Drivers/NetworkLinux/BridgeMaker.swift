import NetworkDriver
import NovaCore

/// Makes the bridges of networks, on the network's host and on compute hosts alike.
struct BridgeMaker: Sendable {
    let commands: HostCommands
    let marks: HostMarks
    /// The device over which bridges of one network on several hosts are joined by VXLAN; nil for none.
    let fabric: String?

    /// Makes the bridge when it is missing, and sets it up.
    ///
    /// - Throws: ``NovaError`` `conflict` when a device of the name belongs to something else.
    func ensure(_ bridge: String, network: NetworkID, mtu: Int) async throws {
        try await ensure(
            bridge, network: network,
            create: "link add name \(bridge) address \(NetworkNames.bridgeMAC(bridge)) type bridge stp_state 0",
            settings: "mtu \(mtu) up")
        guard let fabric else { return }
        let tunnel = Self.tunnel(of: bridge)
        let number = UInt32(bridge.suffix(6), radix: 16) ?? 1
        let group = UInt32(bridge.dropFirst(2).prefix(6), radix: 16) ?? 1
        try await ensure(
            tunnel, network: network,
            create: "link add name \(tunnel) type vxlan id \(max(1, number)) group "
                + "\(IPv4Address(239 << 24 | group)) dev \(fabric) dstport 4789",
            settings: "mtu \(mtu) master \(bridge) up")
    }

    /// Removes the bridge and its tunnel where they carry this host's mark of the network.
    func remove(_ bridge: String, network: NetworkID) async throws {
        for name in [Self.tunnel(of: bridge), bridge] {
            guard try await commands.link(name)?.alias == marks.mark(of: network) else { continue }
            try await commands.run("ip", ["link", "delete", "dev", name])
        }
    }

    /// The VXLAN device of a bridge.
    static func tunnel(of bridge: String) -> String { "nv" + bridge.dropFirst(2) }

    private func ensure(_ name: String, network: NetworkID, create: String, settings: String) async throws {
        // nova-compute and nova-network of one host may make the same bridge at the same moment: the loser of the
        // race finds it there, for an instant without its mark.
        var failure: NovaError?
        for attempt in 0..<20 {
            if let link = try await commands.link(name) {
                if link.alias.hasPrefix(marks.cloudMark), link.alias.hasSuffix(":network:\(network)") {
                    try await commands.batch(["link set dev \(name) \(settings)"])
                    return
                }
                guard link.alias.isEmpty, attempt < 19 else {
                    throw NovaError(
                        .conflict, "A network device on the host is in the way.",
                        details: "device \(name) has the mark '\(link.alias)', not that of network \(network); if "
                            + "nothing uses it, remove it: ip link delete dev \(name)")
                }
                try await Task.sleep(for: .milliseconds(25))
                continue
            }
            do {
                try await commands.batch([create, "link set dev \(name) alias \(marks.mark(of: network)) \(settings)"])
                return
            } catch let error as NovaError where error.code == .hypervisor {
                failure = error
            }
            guard attempt < 3 else { break }
        }
        throw failure ?? NovaError(.hypervisor, "A network bridge could not be made.", details: name)
    }
}
