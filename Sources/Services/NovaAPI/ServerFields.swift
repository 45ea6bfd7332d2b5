import NovaCore
import NovaModel

/// The fields of servers by which lists may be filtered.
enum ServerFields {
    enum Kind: Sendable {
        case exact
        case pattern
        case truth
    }
    struct Field: Sendable {
        var kind: Kind
        /// The minor version from which users may filter by it; administrators always may.
        var forUsersSince: Int
        var texts: @Sendable (ServerRecord) -> [String]

        init(_ kind: Kind, users: Int = .max, _ texts: @escaping @Sendable (ServerRecord) -> [String]) {
            self.kind = kind
            forUsersSince = users
            self.texts = texts
        }
    }

    /// Names that the original knows as tables of their own: nobody may filter by them.
    static let joined: Set<String> = [
        "block_device_mapping", "services", "metadata", "system_metadata", "info_cache", "security_groups",
        "pci_devices",
    ]

    static let all: [String: Field] = [
        "name": Field(.pattern, users: 1) { [$0.name] },
        "display_name": Field(.pattern) { [$0.name] },
        "flavor": Field(.exact, users: 1) { [$0.flavor.id] },
        "reservation_id": Field(.pattern, users: 1) { [$0.reservationID] },
        "ip": Field(.pattern, users: 1) { $0.network.ports.map(\.fixedIP).filter { !$0.contains(":") } },
        "ip6": Field(.pattern, users: 5) { $0.network.ports.map(\.fixedIP).filter { $0.contains(":") } },
        "locked": Field(.truth, users: 73) { [$0.isLocked ? "True" : ""] },
        "availability_zone": Field(.pattern, users: 83) { [$0.availabilityZone].compactMap { $0 } },
        "config_drive": Field(.truth, users: 83) { [$0.hasConfigDrive ? "True" : ""] },
        "key_name": Field(.pattern, users: 83) { [$0.keyName].compactMap { $0 } },
        "created_at": Field(.pattern, users: 83) { [$0.createdAt.iso8601Micro] },
        "launched_at": Field(.pattern, users: 83) { [$0.launchedAt?.iso8601Micro].compactMap { $0 } },
        "terminated_at": Field(.pattern, users: 83) { [$0.terminatedAt?.iso8601Micro].compactMap { $0 } },
        "power_state": Field(.exact, users: 83) { ["\($0.powerState.number)", $0.powerState.rawValue] },
        "task_state": Field(.exact, users: 83) { [$0.taskState?.rawValue ?? "None"] },
        "vm_state": Field(.exact, users: 83) { [$0.vmState.rawValue] },
        "progress": Field(.pattern, users: 83) { ["\($0.progress)"] },
        "hostname": Field(.pattern, users: 90) { [$0.hostname] },
        "description": Field(.pattern) { [$0.text].compactMap { $0 } },
        "display_description": Field(.pattern) { [$0.text].compactMap { $0 } },
        "node": Field(.pattern) { [$0.node].compactMap { $0 } },
        "launch_index": Field(.exact) { ["\($0.launchIndex)"] },
        "locked_by": Field(.pattern) { [$0.lockedBy].compactMap { $0 } },
        "root_device_name": Field(.pattern) { _ in ["/dev/vda"] },
        "access_ip_v4": Field(.pattern) { [$0.accessIPv4].compactMap { $0 } },
        "access_ip_v6": Field(.pattern) { [$0.accessIPv6].compactMap { $0 } },
        "auto_disk_config": Field(.truth) { [$0.hasAutoDiskConfig ? "True" : ""] },
        "kernel_id": Field(.pattern) { [$0.imageProperties?.properties["kernel_id"] ?? ""] },
        "ramdisk_id": Field(.pattern) { [$0.imageProperties?.properties["ramdisk_id"] ?? ""] },
    ]
}
