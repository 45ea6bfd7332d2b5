import Glibc
import NetworkDriver
import NovaCore
import NovaProcess

/// The dnsmasq of one network: its files, its command line, its process.
///
/// Everything but `start` blocks.
///
/// dnsmasq goes to the background by itself, in a session of its own, so it outlives nova-network. It is known by its
/// command line, which holds the cloud's and the network's id; a process whose command line differs is never signalled.
struct DHCPServer: Sendable, Equatable {
    let folder: String
    let network: HostedNetwork

    private static let fileNames = ["hosts", "hosts.new", "leases", "pid"]
    private static let leaseSeconds = 86_400

    init(statePath: String, cloud: CloudID, network: HostedNetwork) {
        folder = "\(Self.root(statePath: statePath, cloud: cloud))/\(network.id)"
        self.network = network
    }

    /// The folder that holds one folder per network.
    static func root(statePath: String, cloud: CloudID) -> String { "\(statePath)/network/\(cloud)" }

    private var served: [HostedSubnet] { network.subnets.filter(\.dhcp) }
    var isNeeded: Bool { !served.isEmpty }
    private var pidFile: String { "\(folder)/pid" }
    private var hostsFile: String { "\(folder)/hosts" }

    /// What dnsmasq is started with.
    ///
    /// No configuration of the host's own is read.
    ///
    /// It stays root: the state folder may be closed to others, and it reads the host list again on each change.
    var arguments: [String] {
        var arguments = [
            "--conf-file=/dev/null", "--no-hosts", "--no-resolv", "--port=0", "--bind-interfaces",
            "--interface=\(network.bridge)", "--except-interface=lo", "--user=root", "--quiet-dhcp",
            "--pid-file=\(pidFile)", "--dhcp-leasefile=\(folder)/leases", "--dhcp-hostsfile=\(hostsFile)",
            "--dhcp-authoritative", "--dhcp-option=option:mtu,\(network.mtu)",
        ]
        var addresses = 0
        for subnet in served {
            let tag = "s\(subnet.id.uuid.hex.prefix(8))"
            let router = subnet.routed ? ",\(subnet.hostAddress)" : ""
            let dns = subnet.dns.map { ",\($0)" }.joined()
            arguments += [
                "--dhcp-range=set:\(tag),\(subnet.range.base),static,\(subnet.range.mask),\(Self.leaseSeconds)s",
                "--dhcp-option=tag:\(tag),option:router\(router)", "--dhcp-option=tag:\(tag),option:dns-server\(dns)",
            ]
            addresses += 1 << min(20, 32 - subnet.range.prefix)
        }
        return arguments + ["--dhcp-lease-max=\(min(1 << 20, addresses))"]
    }

    /// The host list: a line per lease.
    static func hosts(_ leases: [AddressLease]) -> String {
        var text = ""
        text.reserveCapacity(leases.count * 64)
        for lease in leases {
            let name = hostname(lease.hostname)
            text += "\(lease.mac),\(lease.address)\(name.isEmpty ? "" : ",\(name)")\n"
        }
        return text
    }

    /// A name as DHCP may carry it: letters, digits and inner hyphens of the first label, at most 63; maybe nothing.
    private static func hostname(_ text: String) -> String {
        let label = text.lowercased().utf8.prefix { $0 != UInt8(ascii: ".") }
        let kept = label.filter { ($0 >= 97 && $0 <= 122) || ($0 >= 48 && $0 <= 57) || $0 == 45 }.prefix(63)
        var name = String(decoding: kept, as: UTF8.self)[...]
        while name.first == "-" { name.removeFirst() }
        while name.last == "-" { name.removeLast() }
        // An all-digit word would be taken for a lease time, and these for keywords.
        let isWord = name.contains { $0.isLetter } && !["ignore", "infinite"].contains(String(name))
        return isWord ? String(name) : ""
    }

    /// The leases that the host list on disk holds.
    func writtenLeases() -> [AddressLease] {
        (HostFiles.read(hostsFile) ?? "").split(separator: "\n").compactMap { line in
            let parts = line.split(separator: ",")
            guard parts.count >= 2, let address = IPv4Address(parts[1]) else { return nil }
            return AddressLease(
                mac: String(parts[0]), address: address, hostname: parts.count > 2 ? String(parts[2]) : "")
        }
    }

    /// Makes the folder and, when there is none, an empty host list.
    func prepare() throws {
        try HostFiles.makeFolder(folder)
        if HostFiles.bytes(hostsFile) == nil { try HostFiles.write(hostsFile, "") }
    }

    func write(_ leases: [AddressLease]) throws { try HostFiles.write(hostsFile, Self.hosts(leases)) }

    /// The process that serves this network, with its arguments; looked for in all of /proc when the pid file is wrong.
    func running() -> (pid: pid_t, arguments: [String])? {
        if let text = HostFiles.read(pidFile), let pid = pid_t(text.filter { $0 >= "0" && $0 <= "9" }),
            let arguments = DHCPProcess.arguments(of: pid), arguments.contains("--pid-file=\(pidFile)")
        {
            return (pid, arguments)
        }
        return DHCPProcess.all { $0.contains("--pid-file=\(pidFile)") }.first
    }

    /// Makes dnsmasq read the host list again; false when it does not run.
    func reload() -> Bool {
        guard let process = running() else { return false }
        return kill(process.pid, SIGHUP) == 0
    }

    /// Ends dnsmasq, and waits for it.
    func stop() {
        guard let process = running() else { return }
        DHCPProcess.end(process.pid, where: "--pid-file=\(pidFile)")
    }

    /// Ends dnsmasq and removes its files.
    func remove() {
        stop()
        HostFiles.removeFiles(Self.fileNames, in: folder)
    }

    /// Starts dnsmasq, or starts it anew when it runs with other arguments.
    func start(_ commands: HostCommands) async throws {
        let isCurrent = try await HostCommands.files.run { [self] in
            try prepare()
            guard let process = running() else { return false }
            if process.arguments == arguments { return true }
            stop()
            return false
        }
        guard !isCurrent else { return }
        do {
            try await commands.run("dnsmasq", arguments)
        } catch let error as NovaError where error.code == .hypervisor {
            throw error.during("DHCP of network \(network.id) (Debian package dnsmasq-base)")
        }
    }
}
