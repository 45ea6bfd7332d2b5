import NetworkDriver

/// The NAT rules of all networks of a cloud on a host, as one nft script that replaces the cloud's table atomically.
enum NATScript {
    /// The script; without a routed subnet it only removes the table.
    static func text(_ networks: [HostedNetwork], marks: HostMarks) -> String {
        let table = marks.nftTable
        // Declared first, so that deleting it never fails.
        var lines = ["table ip \(table)", "delete table ip \(table)"]
        let routed = networks.filter { $0.subnets.contains(where: \.routed) }.sorted { $0.id < $1.id }
        guard !routed.isEmpty else { return lines.joined(separator: "\n") + "\n" }
        lines.append("table ip \(table) {")
        lines.append("  chain postrouting {")
        lines.append("    type nat hook postrouting priority srcnat; policy accept;")
        for network in routed {
            for subnet in network.subnets where subnet.routed {
                lines.append(
                    "    ip saddr \(subnet.range) ip daddr != \(subnet.range) oifname != \"\(network.bridge)\" "
                        + "masquerade comment \"\(comment(network, marks))\"")
            }
        }
        lines.append("  }")
        // The host routes for guests, but not from one network into another: projects stay apart.
        lines.append("  chain forward {")
        lines.append("    type filter hook forward priority filter; policy accept;")
        for network in routed {
            lines.append(
                "    iifname \"\(network.bridge)\" oifname \"\(NetworkNames.bridgePrefix)*\" "
                    + "oifname != \"\(network.bridge)\" drop comment \"\(comment(network, marks))\"")
        }
        lines.append("  }")
        lines.append("}")
        return lines.joined(separator: "\n") + "\n"
    }

    /// nft allows 128 bytes with the end.
    private static func comment(_ network: HostedNetwork, _ marks: HostMarks) -> String {
        String(marks.mark(of: network.id).prefix(127))
    }
}
