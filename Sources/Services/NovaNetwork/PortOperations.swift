import NetworkDriver
import NovaCore
import NovaDatabase
import NovaHTTP
import NovaSchema
import NovaWire

/// `/ports` of the Network API.
struct PortOperations: Sendable {
    let engine: NetworkEngine

    /// The filters that the database answers by an index; the others are applied to its rows.
    private static let indexed = ["id": "id", "device_id": "device_id", "network_id": "network_id"]

    var operations: [Operation] {
        [
            .list("ports", name: "get_ports", "Ports of the project.", list),
            .show("ports", name: "get_port", "A port.", show),
            .create("ports", "port", name: "create_port", "Makes a port with an address.", create),
            .update("ports", "port", name: "update_port", "Changes a port.", update),
            .delete("ports", name: "delete_port", "Removes a port that no server has.", delete),
        ]
    }

    private func list(_ request: APIRequest) async throws -> APIResponse {
        let requester = try Requester(request)
        let query = try ListQuery(request.query, attributes: NetworkViews.portAttributes)
        let rows = try await engine.database.scan { connection in
            var clauses: [String] = []
            var values: [ColumnValue] = []
            if !requester.isAdmin {
                clauses.append("(project_id = ? OR network_id IN (SELECT id FROM networks WHERE project_id = ?))")
                values += [requester.projectID.column, requester.projectID.column]
            }
            for (name, column) in Self.indexed.sorted(by: { $0.key < $1.key }) {
                guard let wanted = query.values(of: name), wanted.count <= 500 else { continue }
                clauses.append("\(column) IN (\(repeatElement("?", count: wanted.count).joined(separator: ", ")))")
                values += wanted.sorted().map { .text($0) }
            }
            return try connection.records(
                PortRow.self, from: "ports", where: clauses.isEmpty ? "TRUE" : clauses.joined(separator: " AND "),
                values,
                suffix: "ORDER BY created_at, id")
        }
        let objects = rows.map { NetworkViews.port($0, forAdmin: requester.isAdmin) }
        return .page("ports", query.apply(objects), request)
    }

    private func show(_ request: APIRequest) async throws -> APIResponse {
        let requester = try Requester(request)
        let id = try request.identifier(PortKind.self, "Port")
        let query = try ListQuery(request.query, attributes: NetworkViews.portAttributes)
        let row = try await engine.database.read { try Self.visible(id, requester, NetworkTables($0)) }
        return .json(200, ["port": .object(query.pick(NetworkViews.port(row, forAdmin: requester.isAdmin)))])
    }

    private func create(_ request: APIRequest) async throws -> APIResponse {
        let requester = try Requester(request)
        var attributes = try AttributeReader(request.body, "port")
        var row = PortRow()
        row.id = .random()
        row.preexisting = true
        row.projectID = try attributes.project(requester)
        guard let network = try attributes.identifier("network_id", NetworkKind.self) else {
            throw AttributeReader.invalid("network_id", "it is required.")
        }
        row.networkID = network
        row.createdAt = .now()
        row.updatedAt = row.createdAt
        try Self.read(&attributes, into: &row)
        row.mac = try Self.mac(&attributes)
        let fixed = try Self.fixedIP(&attributes)
        try attributes.finish()
        let draft = row
        let made = try await engine.database.write { connection in
            var port = draft
            let tables = NetworkTables(connection)
            let network = try tables.usableNetwork(port.networkID, by: requester.scope)
            var subnets = try tables.subnets(of: network.id)
            if let wanted = fixed?.subnet {
                subnets = subnets.filter { $0.id == wanted }
                guard !subnets.isEmpty else {
                    throw NovaError(.badRequest, "Subnet \(wanted) is not on network \(network.id).")
                }
            }
            if !port.mac.isEmpty {
                let known = try connection.row("SELECT 1 FROM ports WHERE mac = ?", [.text(port.mac)]) { try $0.int(0) }
                guard known == nil else {
                    throw NovaError(
                        .conflict,
                        "Unable to complete operation for network \(network.id). The mac address \(port.mac) is in use."
                    )
                }
            }
            // `fixed_ips: []` asks for a port without an address.
            try tables.add(&port, subnets: fixed.map(\.isEmpty) == true ? [] : subnets, address: fixed?.address)
            return port
        }
        engine.countPorts(1)
        try await engine.publish([made.networkID])
        return .json(201, ["port": .object(NetworkViews.port(made, forAdmin: requester.isAdmin))])
    }

    private func update(_ request: APIRequest) async throws -> APIResponse {
        let requester = try Requester(request)
        let id = try request.identifier(PortKind.self, "Port")
        let reader = try AttributeReader(request.body, "port")
        let row = try await engine.database.write { connection in
            var attributes = reader
            var row = try Self.owned(id, requester, NetworkTables(connection))
            let before = (row.deviceID, row.deviceOwner)
            try Self.read(&attributes, into: &row)
            guard !row.bound || before == (row.deviceID, row.deviceOwner) else {
                throw Self.inUse(row)
            }
            try attributes.accept("mac_address", only: [.string(row.mac)])
            let current = NetworkViews.port(row, forAdmin: true)["fixed_ips"]
            try attributes.accept("fixed_ips", only: current.map { [$0] } ?? [])
            try attributes.finish()
            row.updatedAt = .now()
            row.revision += 1
            try connection.update(row, in: "ports", key: "id")
            return row
        }
        try await engine.publish([row.networkID])
        return .json(200, ["port": .object(NetworkViews.port(row, forAdmin: requester.isAdmin))])
    }

    private func delete(_ request: APIRequest) async throws -> APIResponse {
        let requester = try Requester(request)
        let id = try request.identifier(PortKind.self, "Port")
        let network = try await engine.database.write { connection in
            let row = try Self.owned(id, requester, NetworkTables(connection))
            // The guest would go on with an address that somebody else gets.
            guard !row.bound else { throw Self.inUse(row) }
            try connection.execute("DELETE FROM ports WHERE id = ?", [id.column])
            return row.networkID
        }
        engine.countPorts(-1)
        try await engine.publish([network])
        return .empty(204)
    }

    private static func inUse(_ row: PortRow) -> NovaError {
        NovaError(
            .conflict,
            "Unable to complete operation on port \(row.id) for network \(row.networkID). Port already has an attached "
                + "device \(row.deviceID); delete the server or detach the port from it first.")
    }

    private static func read(_ attributes: inout AttributeReader, into row: inout PortRow) throws {
        row.name = try attributes.text("name") ?? row.name
        row.description = try attributes.text("description") ?? row.description
        row.adminStateUp = try attributes.bool("admin_state_up") ?? row.adminStateUp
        row.deviceID = try attributes.text("device_id") ?? row.deviceID
        row.deviceOwner = try attributes.text("device_owner") ?? row.deviceOwner
        row.hostname = try attributes.text("dns_name", max: 63) ?? row.hostname
        for name in ["security_groups", "allowed_address_pairs", "extra_dhcp_opts", "tags"] {
            try attributes.accept(name, only: [[]])
        }
        try attributes.accept("port_security_enabled", only: [false])
        try attributes.accept("binding:vnic_type", only: ["normal"])
        try attributes.accept("binding:profile", only: [[:]])
        try attributes.accept("binding:host_id", only: ["", .string(row.host)])
        try attributes.accept("qos_policy_id", only: [])
    }

    private static func mac(_ attributes: inout AttributeReader) throws -> String {
        guard let text = try attributes.text("mac_address") else { return "" }
        let parts = text.lowercased().split(separator: ":", omittingEmptySubsequences: false)
        let bytes = parts.compactMap { $0.utf8.count == 2 ? Hex.decode($0)?.first : nil }
        guard parts.count == 6, bytes.count == 6, bytes[0] & 1 == 0, bytes.contains(where: { $0 != 0 }) else {
            throw AttributeReader.invalid("mac_address", "'\(text)' is not a valid MAC address of one device.")
        }
        return text.lowercased()
    }

    private struct FixedIP {
        var subnet: SubnetID?
        var address: IPv4Address?
        var isEmpty = false
    }

    private static func fixedIP(_ attributes: inout AttributeReader) throws -> FixedIP? {
        guard let value = attributes.value("fixed_ips"), !value.isNull else { return nil }
        guard let items = value.arrayValue, items.count <= 1 else {
            throw AttributeReader.invalid("fixed_ips", "a port has at most one address here.")
        }
        guard let item = items.first else { return FixedIP(isEmpty: true) }
        var fixed = FixedIP()
        for (name, value) in item.objectValue ?? [:] {
            let text = value.stringValue ?? ""
            switch name {
            case "subnet_id": fixed.subnet = SubnetID(text)
            case "ip_address": fixed.address = IPv4Address(text)
            default: throw AttributeReader.invalid("fixed_ips", "'\(name.prefix(64))' is unknown.")
            }
        }
        let given = Set(item.objectValue?.keys ?? [])
        guard !given.isEmpty, given.contains("subnet_id") == (fixed.subnet != nil),
            given.contains("ip_address") == (fixed.address != nil)
        else { throw AttributeReader.invalid("fixed_ips", "it needs a subnet_id, an IPv4 ip_address, or both.") }
        return fixed
    }

    private static func visible(_ id: PortID, _ requester: Requester, _ tables: NetworkTables) throws -> PortRow {
        guard let row = try tables.port(id) else { throw NovaError(.notFound, "Port \(id) could not be found.") }
        let ownsNetwork = try tables.network(row.networkID).map { requester.owns($0.projectID) } ?? false
        guard requester.owns(row.projectID) || ownsNetwork else {
            throw NovaError(.notFound, "Port \(id) could not be found.")
        }
        return row
    }

    private static func owned(_ id: PortID, _ requester: Requester, _ tables: NetworkTables) throws -> PortRow {
        try visible(id, requester, tables)
    }
}
