import NovaCore
import NovaHTTP
import NovaModel
import NovaStore

/// The order of a list of servers: `sort_key` and `sort_dir`.
enum ServerSorting {
    /// What users may name; those of ``ignored`` change nothing.
    static let keys: [String: @Sendable (ServerRecord) -> ServerFilter.SortValue?] = [
        "access_ip_v4": { text($0.accessIPv4) }, "access_ip_v6": { text($0.accessIPv6) },
        "auto_disk_config": { .number($0.hasAutoDiskConfig ? 1 : 0) },
        "availability_zone": { text($0.availabilityZone) }, "config_drive": { .number($0.hasConfigDrive ? 1 : 0) },
        "created_at": { .number($0.createdAt.microseconds) }, "display_description": { text($0.text) },
        "display_name": { .text($0.name) }, "host": { text($0.host) }, "hostname": { .text($0.hostname) },
        "image_ref": { text($0.imageID?.description) }, "instance_type_id": { .number($0.flavor.sequence) },
        "kernel_id": { text($0.imageProperties?.properties["kernel_id"]) }, "key_name": { text($0.keyName) },
        "launch_index": { .number($0.launchIndex) }, "launched_at": { number($0.launchedAt?.microseconds) },
        "locked": { .number($0.isLocked ? 1 : 0) }, "locked_by": { text($0.lockedBy) }, "node": { text($0.node) },
        "power_state": { .number($0.powerState.number) }, "progress": { .number($0.progress) },
        "project_id": { .text($0.projectID.text) },
        "ramdisk_id": { text($0.imageProperties?.properties["ramdisk_id"]) },
        "root_device_name": { _ in .text("/dev/vda") }, "task_state": { text($0.taskState?.rawValue) },
        "terminated_at": { number($0.terminatedAt?.microseconds) },
        "updated_at": { .number($0.updatedAt.microseconds) }, "user_id": { .text($0.userID.text) },
        "uuid": { .text($0.id.description) }, "vm_state": { .text($0.vmState.rawValue) },
    ]
    /// Before 2.75 these are taken and ignored.
    static let ignored = [
        "architecture", "cell_name", "cleaned", "default_ephemeral_device", "default_swap_device", "deleted",
        "deleted_at", "disable_terminate", "ephemeral_gb", "ephemeral_key_uuid", "id", "key_data", "launched_on",
        "memory_mb", "os_type", "reservation_id", "root_gb", "shutdown_terminate", "user_data", "vcpus", "vm_mode",
    ]

    private static func text(_ value: String?) -> ServerFilter.SortValue? { value.map { .text($0) } }
    private static func number(_ value: Int64?) -> ServerFilter.SortValue? { value.map { .number($0) } }

    /// - Throws: `badRequest` for a direction that is none or has no key; `forbidden` for keys of administrators.
    static func order(_ request: APIRequest, isAdmin: Bool) throws -> [ServerFilter.SortKey] {
        let names = request.queries("sort_key")
        let directions = request.queries("sort_dir")
        if let wrong = directions.first(where: { $0 != "asc" && $0 != "desc" }) {
            throw NovaError(.badRequest, "Unknown sort direction, must be one of: asc, desc", details: wrong)
        }
        guard directions.count <= max(1, names.count) else {
            throw NovaError(.badRequest, "Sort direction size exceeds sort key size")
        }
        if let key = names.first(where: { $0 == "host" || $0 == "node" }), !isAdmin {
            throw NovaError(.forbidden, "Only administrators can sort servers by \(key)")
        }
        // The newest first is what the database gives by itself.
        if names.isEmpty, directions.first != "asc" { return [] }
        return (names.isEmpty ? ["created_at"] : names).enumerated().compactMap { index, name in
            guard let value = keys[name] else { return nil }
            let direction = index < directions.count ? directions[index] : directions.first ?? "desc"
            return ServerFilter.SortKey(isDescending: direction == "desc", value)
        }
    }
}
