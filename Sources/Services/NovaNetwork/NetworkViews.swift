import NetworkDriver
import NovaCore
import NovaSchema

/// The rows as the Network API shows them.
enum NetworkViews {
    static func network(_ row: NetworkRow, subnets: [SubnetID], forAdmin isAdmin: Bool) -> JSONObject {
        var object: JSONObject = [
            "id": .string(row.id.description), "name": .string(row.name),
            "tenant_id": .string(row.projectID.text), "project_id": .string(row.projectID.text),
            "description": .string(row.description), "admin_state_up": .bool(row.adminStateUp), "status": "ACTIVE",
            "shared": .bool(row.shared), "subnets": JSONValue(subnets.map(\.description)), "mtu": .integer(row.mtu),
            "router:external": false, "port_security_enabled": false, "availability_zone_hints": [],
            "availability_zones": [], "ipv4_address_scope": nil, "ipv6_address_scope": nil, "tags": [],
            "created_at": .string(row.createdAt.iso8601), "updated_at": .string(row.updatedAt.iso8601),
            "revision_number": .integer(row.revision),
        ]
        if isAdmin {
            object["provider:network_type"] = "local"
            object["provider:physical_network"] = .null
            object["provider:segmentation_id"] = .null
        }
        return object
    }

    static func subnet(_ row: SubnetRow) -> JSONObject {
        [
            "id": .string(row.id.description), "name": .string(row.name),
            "tenant_id": .string(row.projectID.text), "project_id": .string(row.projectID.text),
            "description": .string(row.description), "network_id": .string(row.networkID.description),
            "ip_version": 4, "cidr": .string(row.cidr), "gateway_ip": JSONValue(row.gateway),
            "allocation_pools": .array(
                row.poolRanges.map { pool in
                    ["start": .string(pool.lowerBound.description), "end": .string(pool.upperBound.description)]
                }),
            "dns_nameservers": JSONValue(row.dnsServers), "host_routes": [], "enable_dhcp": .bool(row.enableDHCP),
            "ipv6_ra_mode": nil, "ipv6_address_mode": nil, "subnetpool_id": nil, "segment_id": nil,
            "service_types": [], "tags": [], "created_at": .string(row.createdAt.iso8601),
            "updated_at": .string(row.updatedAt.iso8601), "revision_number": .integer(row.revision),
        ]
    }

    static func port(_ row: PortRow, forAdmin isAdmin: Bool) -> JSONObject {
        var fixed: [JSONValue] = []
        if let subnet = row.subnetID, let address = row.addressText {
            fixed = [["subnet_id": .string(subnet.description), "ip_address": .string(address)]]
        }
        var object: JSONObject = [
            "id": .string(row.id.description), "name": .string(row.name),
            "tenant_id": .string(row.projectID.text), "project_id": .string(row.projectID.text),
            "description": .string(row.description), "network_id": .string(row.networkID.description),
            "mac_address": .string(row.mac), "fixed_ips": .array(fixed), "device_id": .string(row.deviceID),
            "device_owner": .string(row.deviceOwner), "admin_state_up": .bool(row.adminStateUp),
            "status": row.isOnHost ? "ACTIVE" : "DOWN", "security_groups": [], "port_security_enabled": false,
            "allowed_address_pairs": [], "extra_dhcp_opts": [], "binding:vnic_type": "normal",
            "dns_name": .string(row.hostname), "tags": [], "created_at": .string(row.createdAt.iso8601),
            "updated_at": .string(row.updatedAt.iso8601), "revision_number": .integer(row.revision),
        ]
        if isAdmin {
            object["binding:host_id"] = .string(row.host)
            object["binding:vif_type"] = row.isOnHost ? "bridge" : "unbound"
            object["binding:vif_details"] = [:]
            object["binding:profile"] = [:]
        }
        return object
    }

    /// What lists may be filtered and sorted by.
    static let networkAttributes = Set(network(NetworkRow(), subnets: [], forAdmin: true).keys)
    static let subnetAttributes = Set(subnet(SubnetRow()).keys)
    static let portAttributes = Set(port(PortRow(), forAdmin: true).keys)
}
