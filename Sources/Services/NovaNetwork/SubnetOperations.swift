import NetworkDriver
import NovaCore
import NovaDatabase
import NovaHTTP
import NovaSchema
import NovaWire

/// `/subnets` of the Network API.
struct SubnetOperations: Sendable {
    let engine: NetworkEngine

    var operations: [Operation] {
        [
            .list("subnets", name: "get_subnets", "Subnets of networks that the project may use.", list),
            .show("subnets", name: "get_subnet", "A subnet.", show),
            .create("subnets", "subnet", name: "create_subnet", "Makes a subnet, with DHCP and NAT.", create),
            .update("subnets", "subnet", name: "update_subnet", "Changes a subnet.", update),
            .delete("subnets", name: "delete_subnet", "Removes a subnet without ports.", delete),
        ]
    }

    private func list(_ request: APIRequest) async throws -> APIResponse {
        let requester = try Requester(request)
        let query = try ListQuery(request.query, attributes: NetworkViews.subnetAttributes)
        let rows = try await engine.database.read { connection in
            let scope =
                requester.isAdmin
                ? "TRUE" : "network_id IN (SELECT id FROM networks WHERE project_id = ? OR shared = 1)"
            return try connection.records(
                SubnetRow.self, from: "subnets", where: scope, requester.isAdmin ? [] : [requester.projectID.column],
                suffix: "ORDER BY created_at, id")
        }
        return .page("subnets", query.apply(rows.map(NetworkViews.subnet)), request)
    }

    private func show(_ request: APIRequest) async throws -> APIResponse {
        let requester = try Requester(request)
        let id = try request.identifier(SubnetKind.self, "Subnet")
        let query = try ListQuery(request.query, attributes: NetworkViews.subnetAttributes)
        let row = try await engine.database.read { try Self.visible(id, requester, NetworkTables($0)).subnet }
        return .json(200, ["subnet": .object(query.pick(NetworkViews.subnet(row)))])
    }

    private func create(_ request: APIRequest) async throws -> APIResponse {
        let requester = try Requester(request)
        var attributes = try AttributeReader(request.body, "subnet")
        var row = SubnetRow()
        row.id = .random()
        row.projectID = try attributes.project(requester)
        guard let network = try attributes.identifier("network_id", NetworkKind.self) else {
            throw AttributeReader.invalid("network_id", "it is required.")
        }
        row.networkID = network
        guard try attributes.integer("ip_version", in: 4...6) ?? 4 == 4 else {
            throw AttributeReader.invalid("ip_version", "only IPv4 subnets are supported.")
        }
        let plan = try Self.plan(&attributes)
        row.apply(plan)
        row.createdAt = .now()
        row.updatedAt = row.createdAt
        try Self.read(&attributes, into: &row)
        for name in ["subnetpool_id", "use_default_subnetpool", "ipv6_ra_mode", "ipv6_address_mode", "segment_id"] {
            try attributes.accept(name, only: [false])
        }
        try attributes.finish()
        let made = row
        try await engine.database.write { connection in
            let tables = NetworkTables(connection)
            let network = try tables.usableNetwork(made.networkID, by: requester.scope)
            guard requester.owns(network.projectID) else {
                throw NovaError(.forbidden, "Network \(network.id) belongs to another project.")
            }
            try tables.checkFree(plan.range)
            try connection.insert(made, into: "subnets")
        }
        do { try await engine.apply(made.networkID) } catch {
            try await engine.database.write { connection in
                try connection.execute("DELETE FROM subnets WHERE id = ?", [made.id.column])
            }
            throw error
        }
        return .json(201, ["subnet": .object(NetworkViews.subnet(made))])
    }

    private func update(_ request: APIRequest) async throws -> APIResponse {
        let requester = try Requester(request)
        let id = try request.identifier(SubnetKind.self, "Subnet")
        let reader = try AttributeReader(request.body, "subnet")
        let row = try await engine.database.write { connection in
            var attributes = reader
            var row = try Self.owned(id, requester, NetworkTables(connection))
            try Self.read(&attributes, into: &row)
            try attributes.accept("gateway_ip", only: [JSONValue(row.gateway)])
            try attributes.finish()
            row.updatedAt = .now()
            row.revision += 1
            try connection.update(row, in: "subnets", key: "id")
            return row
        }
        try await engine.apply(row.networkID)
        return .json(200, ["subnet": .object(NetworkViews.subnet(row))])
    }

    private func delete(_ request: APIRequest) async throws -> APIResponse {
        let requester = try Requester(request)
        let id = try request.identifier(SubnetKind.self, "Subnet")
        let network = try await engine.database.write { connection in
            let row = try Self.owned(id, requester, NetworkTables(connection))
            let isUsed = try connection.row("SELECT 1 FROM ports WHERE subnet_id = ? LIMIT 1", [id.column]) {
                try $0.int(0)
            }
            guard isUsed == nil else {
                throw NovaError(
                    .conflict,
                    "Unable to complete operation on subnet \(id): One or more ports have an IP allocation from this "
                        + "subnet.")
            }
            try connection.execute("DELETE FROM subnets WHERE id = ?", [id.column])
            return row.networkID
        }
        try await engine.apply(network)
        return .empty(204)
    }

    private static func plan(_ attributes: inout AttributeReader) throws -> SubnetPlan {
        guard let cidr = try attributes.text("cidr"), let range = IPv4Range(cidr) else {
            throw AttributeReader.invalid("cidr", "it must be an IPv4 range such as 10.1.0.0/24.")
        }
        var gateway = SubnetPlan.Gateway.first
        if let value = attributes.value("gateway_ip") {
            gateway = try attributes.address("gateway_ip").map { .address($0) } ?? .none
            if !value.isNull, gateway == .none { throw AttributeReader.invalid("gateway_ip", "it is no address.") }
        }
        guard let pools = attributes.value("allocation_pools"), !pools.isNull else {
            return try SubnetPlan(range, gateway: gateway)
        }
        let ranges = try (pools.arrayValue ?? []).map { pool in
            guard let first = pool["start"]?.stringValue.flatMap({ IPv4Address($0) }),
                let last = pool["end"]?.stringValue.flatMap({ IPv4Address($0) }), first <= last
            else { throw AttributeReader.invalid("allocation_pools", "each needs a start and an end address.") }
            return first...last
        }
        guard ranges.count <= 64, pools.arrayValue != nil else {
            throw AttributeReader.invalid("allocation_pools", "it must be a list of at most 64 pools.")
        }
        return try SubnetPlan(range, gateway: gateway, pools: ranges)
    }

    private static func read(_ attributes: inout AttributeReader, into row: inout SubnetRow) throws {
        row.name = try attributes.text("name") ?? row.name
        row.description = try attributes.text("description") ?? row.description
        row.enableDHCP = try attributes.bool("enable_dhcp") ?? row.enableDHCP
        if let value = attributes.value("dns_nameservers"), !value.isNull {
            let servers = (value.arrayValue ?? []).compactMap { $0.stringValue.flatMap { IPv4Address($0) } }
            guard servers.count == value.arrayValue?.count, servers.count <= 5 else {
                throw AttributeReader.invalid("dns_nameservers", "it must be a list of at most 5 IPv4 addresses.")
            }
            row.dns = servers.map(\.description).joined(separator: ",")
        }
        for name in ["host_routes", "service_types", "tags"] { try attributes.accept(name, only: [[]]) }
        try attributes.accept("dns_publish_fixed_ip", only: [false])
    }

    private static func visible(
        _ id: SubnetID, _ requester: Requester, _ tables: NetworkTables
    ) throws -> (subnet: SubnetRow, network: NetworkRow) {
        guard let subnet = try tables.subnet(id), let network = try tables.network(subnet.networkID),
            network.shared || requester.owns(network.projectID)
        else { throw NovaError(.notFound, "Subnet \(id) could not be found.") }
        return (subnet, network)
    }

    private static func owned(_ id: SubnetID, _ requester: Requester, _ tables: NetworkTables) throws -> SubnetRow {
        let (subnet, network) = try visible(id, requester, tables)
        guard requester.owns(network.projectID) else {
            throw NovaError(.forbidden, "Subnet \(id) belongs to another project.")
        }
        return subnet
    }
}
