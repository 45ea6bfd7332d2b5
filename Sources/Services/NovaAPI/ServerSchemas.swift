import NovaHTTP
import NovaSchema

/// The bodies and queries of server requests by microversion (`spec/compute-api.md`, "servers").
enum ServerSchemas {
    private static let uuidOrList = JSONSchema.anyOf([.uuid, .array(.uuid)])
    private static let hints = JSONSchema.object(
        properties: [
            "group": uuidOrList, "different_host": uuidOrList, "same_host": .anyOf([.string, .array(.uuid)]),
            "query": .anyOf([.string, .anyObject]), "target_cell": .name,
            "different_cell": .anyOf([.string, .array(.string)]), "build_near_host_ip": Schemas.ip, "cidr": .string,
        ], others: .any)
    private static let fixedAddress = Schemas.ip
    private static let diskConfig = JSONSchema.enumeration(["AUTO", "MANUAL"])
    private static let volumeSize = JSONSchema.integer(min: 1, max: 2_147_483_647)

    static let create: [BodySchema] = {
        var network: [String: JSONSchema] = [
            "fixed_ip": fixedAddress, "port": Schemas.nullableUUID, "uuid": .string,
        ]
        let legacyDevice: [String: JSONSchema] = [
            "virtual_name": .string(min: 0, max: 255), "volume_id": .uuid, "snapshot_id": .uuid,
            "volume_size": volumeSize, "device_name": .string(min: 1, max: 255), "delete_on_termination": .boolean,
            "no_device": .any, "connection_info": .string(min: 0, max: 16_777_215),
        ]
        var device = legacyDevice.merging([
            "source_type": .enumeration(["volume", "image", "snapshot", "blank"]), "uuid": .string(min: 1, max: 255),
            "image_id": .uuid, "destination_type": .enumeration(["local", "volume"]),
            "guest_format": .string(min: 0, max: 255), "device_type": .string(min: 0, max: 255),
            "disk_bus": .string(min: 0, max: 255), "boot_index": .nullable(.integer()),
        ]) { $1 }
        var server: [String: JSONSchema] = [
            "name": .name, "imageRef": .anyOf([.uuid, .string(min: 0, max: 0)]),
            "flavorRef": .anyOf([.string(min: 1, max: 2048), .integer(min: 0)]),
            "adminPass": .string, "metadata": Schemas.metadata, "OS-DCF:diskConfig": diskConfig,
            "accessIPv4": Schemas.ipv4, "accessIPv6": Schemas.ipv6,
            "personality": .array(
                .object(
                    properties: ["path": .string, "contents": .string(min: 0, max: nil, .base64)],
                    additional: false)),
            "availability_zone": Schemas.zone, "config_drive": .boolean, "key_name": .name,
            "min_count": .integer(min: 1), "max_count": .integer(min: 1), "return_reservation_id": .boolean,
            "security_groups": .array(.object(properties: ["name": .name], additional: false)),
            "user_data": .string(min: 0, max: 65535, .base64),
            "block_device_mapping": .array(.object(properties: legacyDevice, additional: false)),
        ]
        func body(requiresNetworks: Bool) -> JSONSchema {
            let list = JSONSchema.array(.object(properties: network, additional: false))
            server["networks"] = requiresNetworks ? .anyOf([list, .enumeration(["none", "auto"])]) : list
            server["block_device_mapping_v2"] = .array(.object(properties: device, additional: false))
            return .object(
                properties: [
                    "server": .object(
                        properties: server, required: ["name", "flavorRef"] + (requiresNetworks ? ["networks"] : []),
                        additional: false), "os:scheduler_hints": hints, "OS-SCH-HNT:scheduler_hints": hints,
                ], required: ["server"], additional: false)
        }
        var schemas = [BodySchema(since: .v(1), body(requiresNetworks: false))]
        func since(_ minor: Int, _ change: () -> Void) {
            change()
            schemas.append(BodySchema(since: .v(minor), body(requiresNetworks: minor >= 37)))
        }
        since(19) { server["description"] = Schemas.serverDescription }
        since(32) {
            network["tag"] = Schemas.tag
            device["tag"] = Schemas.tag
        }
        since(33) { device["tag"] = nil }
        since(37) {
            network["uuid"] = .uuid
            network["tag"] = nil
        }
        since(42) {
            network["tag"] = Schemas.tag
            device["tag"] = Schemas.tag
        }
        since(52) { server["tags"] = .array(Schemas.tag, max: 50) }
        since(57) { server["personality"] = nil }
        since(63) {
            server["trusted_image_certificates"] = .nullable(.array(.string(min: 1), min: 1, max: 50, unique: true))
        }
        since(67) { device["volume_type"] = .nullable(.string(min: 0, max: 255)) }
        since(74) {
            server["host"] = Schemas.hostname
            server["hypervisor_hostname"] = Schemas.hostname
        }
        since(90) { server["hostname"] = Schemas.shortHostname }
        since(94) { server["hostname"] = Schemas.hostname }
        return schemas
    }()

    static let update: [BodySchema] = {
        var server: [String: JSONSchema] = [
            "name": .name, "OS-DCF:diskConfig": diskConfig, "accessIPv4": Schemas.ipv4, "accessIPv6": Schemas.ipv6,
        ]
        func body() -> JSONSchema {
            .wrapped("server", .object(properties: server, additional: false))
        }
        var schemas = [BodySchema(since: .v(1), body())]
        func since(_ minor: Int, _ name: String, _ schema: JSONSchema) {
            server[name] = schema
            schemas.append(BodySchema(since: .v(minor), body()))
        }
        since(19, "description", Schemas.serverDescription)
        since(90, "hostname", Schemas.shortHostname)
        since(94, "hostname", Schemas.hostname)
        since(104, "pinned_availability_zone", .nullable(.string(min: 1, max: 255)))
        return schemas
    }()

    static let list: [BodySchema] = {
        var parameters: [String: JSONSchema] = [
            "limit": Schemas.limit, "marker": .string, "changes-since": Schemas.dateTime, "sort_dir": .string,
        ]
        let words = [
            "user_id", "project_id", "tenant_id", "launch_index", "image_ref", "image", "vm_state", "task_state",
            "host",
            "uuid", "all_tenants", "soft_deleted", "deleted", "status", "block_device_mapping", "services", "metadata",
            "system_metadata", "info_cache", "security_groups", "pci_devices",
        ]
        let patterns = [
            "kernel_id", "ramdisk_id", "hostname", "key_name", "power_state", "node", "flavor", "reservation_id",
            "launched_at", "terminated_at", "availability_zone", "name", "display_name", "description",
            "display_description", "locked_by", "root_device_name", "config_drive", "access_ip_v4", "access_ip_v6",
            "auto_disk_config", "progress", "ip", "ip6", "created_at",
        ]
        for name in words { parameters[name] = .string }
        for name in patterns { parameters[name] = Schemas.pattern }
        func sortKeys(_ names: [String]) -> JSONSchema { .enumeration(names.map { .string($0) }) }
        let keys = ServerSorting.keys.keys.sorted().filter { $0 != "locked" }
        parameters["sort_key"] = sortKeys(keys + ["locked"] + ServerSorting.ignored)
        let tags = ["tags", "tags-any", "not-tags", "not-tags-any"]
        return Queries.of(
            parameters,
            changes: [
                26: Dictionary(uniqueKeysWithValues: tags.map { ($0, Schemas.pattern) }),
                66: ["changes-before": Schemas.dateTime], 73: ["locked": .string],
                75: ["sort_key": sortKeys(keys + ["locked"])],
            ])
    }()

    /// The body of an action.
    static func action(_ name: String, _ schema: JSONSchema) -> [BodySchema] {
        [BodySchema(.wrapped(name, schema))]
    }
}
