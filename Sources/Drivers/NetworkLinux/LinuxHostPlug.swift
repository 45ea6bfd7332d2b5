public import NetworkDriver
public import NovaCore
public import NovaModel
import Synchronization

/// Taps on Linux bridges, by `ip`.
///
/// The tap is persistent: the hypervisor opens it and closes it, and only ``unplug(_:serverID:)`` removes it.
public final class LinuxHostPlug: HostPlug {
    /// How long a bridge waits for the device that its hypervisor makes.
    private static let grace = Duration.seconds(900)

    private let marks: HostMarks
    private let commands: HostCommands
    private let bridges: BridgeMaker
    /// A sweep must not take a bridge away between its making and its first tap.
    private let gate = AsyncGate(limit: 1)
    /// Bridges that were made for hypervisors' own devices, which come a moment later.
    private let prepared = Mutex<[String: ContinuousClock.Instant]>([:])
    /// Devices of bridges that carried nothing when this was looked at last, and since when.
    private let idleSince = Mutex<[String: ContinuousClock.Instant]>([:])
    /// For how long a bridge carries nothing before it goes.
    private let settling: Duration

    /// - Parameters:
    ///   - fabric: the device over which bridges of several hosts are joined by VXLAN (multicast groups 239.0.0.0/8, UDP
    ///     port 4789); nil when all guests and nova-network are on one host.
    ///   - settling: how long a bridge that carries nothing is left alone: nova-network of this host may be making it.
    public init(
        marks: HostMarks, fabric: String? = nil, settling: Duration = .seconds(5),
        commands: HostCommands = HostCommands()
    ) {
        self.marks = marks
        self.commands = commands
        self.settling = settling
        bridges = BridgeMaker(commands: commands, marks: marks, fabric: fabric)
    }

    public func plug(_ port: PortBinding, serverID: ServerID) async throws -> String {
        try await plug(port, hasQueues: false)
    }

    public func plugWithQueues(_ port: PortBinding, serverID: ServerID) async throws -> String {
        try await plug(port, hasQueues: true)
    }

    private func plug(_ port: PortBinding, hasQueues: Bool) async throws -> String {
        try Self.check(port)
        let tap = NetworkNames.tap(port.portID)
        return try await gate.with { [self] in
            try await bridges.ensure(port.bridge, network: port.networkID, mtu: Int(port.mtu))
            let settings = "mtu \(port.mtu) address \(NetworkNames.tapMAC(guest: port.mac)) master \(port.bridge) up"
            var alias = try await commands.link(tap)?.alias
            if alias == marks.mark(of: port.portID), let has = TapFlags.hasQueues(tap), has != hasQueues {
                // The kernel opens a tap only as it was made.
                try await commands.run("ip", ["link", "delete", "dev", tap])
                alias = nil
            }
            switch alias {
            case nil:
                try await commands.batch([
                    "tuntap add dev \(tap) mode tap\(hasQueues ? " multi_queue" : "")",
                    "link set dev \(tap) alias \(marks.mark(of: port.portID)) \(settings)",
                ])
            case marks.mark(of: port.portID):
                try await commands.batch(["link set dev \(tap) \(settings)"])
            case .some(let alias):
                throw NovaError(
                    .conflict, "A network device on the compute host is in the way.",
                    details: "device \(tap) has the mark '\(alias)', not that of port \(port.portID)")
            }
            return tap
        }
    }

    public func prepare(_ port: PortBinding) async throws -> String {
        try Self.check(port)
        return try await gate.with { [self] in
            prepared.withLock { $0[port.bridge] = SteadyClock.now }
            try await bridges.ensure(port.bridge, network: port.networkID, mtu: Int(port.mtu))
            return NetworkNames.tap(port.portID)
        }
    }

    public func unplug(_ port: PortBinding, serverID: ServerID) async throws {
        let tap = NetworkNames.tap(port.portID)
        try await gate.with { [self] in
            guard try await commands.link(tap)?.alias == marks.mark(of: port.portID) else { return }
            try await commands.run("ip", ["link", "delete", "dev", tap])
        }
    }

    @discardableResult
    public func sweep(keeping ports: Set<PortID>) async throws -> [String] {
        try await gate.with { [self] in
            let links = try await commands.links()
            let taps = links.filter { link in
                marks.port(markedBy: link.alias).map { !ports.contains($0) } ?? false
            }
            let gone = Set(taps.map(\.name))
            // A bridge with an address is nova-network's, which removes it itself.
            let addressed = Set(try await commands.addresses().map(\.device))
            let used = Set(
                links.filter { !gone.contains($0.name) && marks.network(markedBy: $0.alias) == nil }.compactMap(
                    \.master))
            let awaited = prepared.withLock { prepared in
                prepared = prepared.filter { $0.value > SteadyClock.now - Self.grace }
                return Set(prepared.keys)
            }
            let idle = links.filter { link in
                guard marks.network(markedBy: link.alias) != nil else { return false }
                let bridge = link.name.hasPrefix("nv") ? "nb" + link.name.dropFirst(2) : link.name
                return !used.contains(bridge) && !addressed.contains(bridge) && !awaited.contains(bridge)
            }
            let names = taps.map(\.name) + settled(idle.map(\.name))
            if !names.isEmpty { try await commands.batch(names.map { "link delete dev \($0)" }) }
            return names
        }
    }

    /// Those of the idle devices that have been so for long enough; the others are noted.
    private func settled(_ idle: [String]) -> [String] {
        let now = SteadyClock.now
        return idleSince.withLock { since in
            since = Dictionary(idle.map { ($0, since[$0] ?? now) }) { first, _ in first }
            return idle.filter { since[$0].map { $0 + settling < now } ?? false }
        }
    }

    /// The values go into lines of `ip`: nothing but the expected characters may be in them.
    private static func check(_ port: PortBinding) throws {
        let mac = port.mac.split(separator: ":", omittingEmptySubsequences: false)
        let name = port.bridge.utf8
        guard mac.count == 6, mac.allSatisfy({ $0.utf8.count == 2 && Hex.decode($0) != nil }),
            (3...15).contains(name.count),
            port.bridge.hasPrefix(NetworkNames.bridgePrefix),
            name.dropFirst(2).allSatisfy({ Hex.value(of: $0) != nil }), (68...65_535).contains(port.mtu)
        else {
            throw NovaError(
                .malformed, "The network service described a port that cannot be plugged.",
                details: "port \(port.portID), bridge \(port.bridge), mac \(port.mac), mtu \(port.mtu)")
        }
    }
}
