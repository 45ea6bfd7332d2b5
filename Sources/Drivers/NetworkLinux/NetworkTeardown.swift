public import NetworkDriver
public import NovaCore
import NovaProcess

/// Removes all that a cloud has made on a host's network: what `tools/cloud down --wipe` needs.
///
/// The same by shell, for cloud id C and host H (the marks are described at ``HostMarks``):
///
///     ip -o link show | sed -n 's/^[0-9]*: \([^:@]*\).* alias nova:C:H:.*/\1/p' | xargs -r -n1 ip link delete dev
///     for p in /proc/[0-9]*; do tr '\0' '\n' <$p/cmdline 2>/dev/null | grep -q '^--pid-file=.*/network/C/' &&
///         kill ${p#/proc/}; done
///     nft delete table ip nova_${C%%-*}
public enum NetworkTeardown {
    /// Removes taps, bridges, DHCP servers and NAT rules with the cloud's and the host's marks, and nothing else.
    ///
    /// - Returns: what was removed, for the operator.
    /// - Throws: ``NovaError`` `hypervisor` when a command fails; the rest may be removed by running it again.
    @discardableResult
    public static func run(_ marks: HostMarks, commands: HostCommands = HostCommands()) async throws -> [String] {
        var removed: [String] = []
        let folder = "/network/\(marks.cloudID)/"
        removed += try await HostCommands.files.run {
            DHCPProcess.all { $0.contains { $0.hasPrefix("--pid-file=") && $0.contains(folder) } }.map { process in
                let mark = process.arguments.first { $0.hasPrefix("--pid-file=") } ?? folder
                DHCPProcess.end(process.pid, where: mark)
                return "dnsmasq \(process.pid)"
            }
        }
        // Taps and tunnels before their bridges.
        let ours = try await commands.links().filter { $0.alias.hasPrefix(marks.hostMark) }
        let names = ours.sorted { $0.name > $1.name }.map(\.name)
        if !names.isEmpty { try await commands.batch(names.map { "link delete dev \($0)" }) }
        removed += names
        let tables = try await commands.run("nft", ["list", "tables", "ip"], accepting: nil).output
        if tables.split(separator: "\n").contains(where: { $0.hasSuffix(" \(marks.nftTable)") }) {
            try await commands.run("nft", ["delete", "table", "ip", marks.nftTable])
            removed.append("nft table ip \(marks.nftTable)")
        }
        return removed
    }
}

/// The Linux network driver as a whole.
public enum NetworkLinux {
    /// Removes all that a cloud has made on a host's network; see ``NetworkTeardown/run(_:commands:)``.
    @discardableResult
    public static func removeEverything(cloudID: CloudID, hostID: String) async throws -> [String] {
        try await NetworkTeardown.run(HostMarks(cloudID: cloudID, host: hostID))
    }
}
