import NetworkDriver
import NovaCore
import NovaDatabase
import NovaHTTP
import NovaSchema
import NovaWire

/// `/networks` of the Network API.
struct NetworkOperations: Sendable {
    let engine: NetworkEngine
    /// Bytes.
    let defaultMTU: Int64

    var operations: [Operation] {
        [
            .list("networks", name: "get_networks", "Networks that the project may use.", list),
            .show("networks", name: "get_network", "A network.", show),
            .create("networks", "network", name: "create_network", "Makes a network.", create),
            .update("networks", "network", name: "update_network", "Changes a network.", update),
            .delete("networks", name: "delete_network", "Removes a network without ports.", delete),
        ]
    }

    private func list(_ request: APIRequest) async throws -> APIResponse {
        let requester = try Requester(request)
        let query = try ListQuery(request.query, attributes: NetworkViews.networkAttributes)
        let objects = try await engine.database.read { connection in
            let scope = requester.isAdmin ? "TRUE" : "project_id = ? OR shared = 1"
            let rows = try connection.records(
                NetworkRow.self, from: "networks", where: scope, requester.isAdmin ? [] : [requester.projectID.column],
                suffix: "ORDER BY created_at, id")
            var subnets: [NetworkID: [SubnetID]] = [:]
            for (network, subnet) in try connection.rows(
                "SELECT network_id, id FROM subnets ORDER BY created_at, id", [],
                { (try $0.field(0, as: NetworkID.self), try $0.field(1, as: SubnetID.self)) })
            {
                subnets[network, default: []].append(subnet)
            }
            return rows.map { NetworkViews.network($0, subnets: subnets[$0.id] ?? [], forAdmin: requester.isAdmin) }
        }
        return .page("networks", query.apply(objects), request)
    }

    private func show(_ request: APIRequest) async throws -> APIResponse {
        let requester = try Requester(request)
        let id = try request.identifier(NetworkKind.self, "Network")
        let query = try ListQuery(request.query, attributes: NetworkViews.networkAttributes)
        let object = try await engine.database.read { connection in
            let tables = NetworkTables(connection)
            return try Self.view(try tables.usableNetwork(id, by: requester.scope), requester, tables)
        }
        return .json(200, ["network": .object(query.pick(object))])
    }

    private func create(_ request: APIRequest) async throws -> APIResponse {
        let requester = try Requester(request)
        var attributes = try AttributeReader(request.body, "network")
        var row = NetworkRow()
        row.id = .random()
        row.projectID = try attributes.project(requester)
        row.mtu = defaultMTU
        row.bridge = NetworkNames.bridge(cloud: engine.cloudID, network: row.id)
        row.createdAt = .now()
        row.updatedAt = row.createdAt
        try Self.read(&attributes, into: &row, requester)
        for name in ["availability_zone_hints", "tags"] { try attributes.accept(name, only: [[]]) }
        try attributes.accept("provider:network_type", only: ["local"])
        for name in ["provider:physical_network", "provider:segmentation_id", "qos_policy_id"] {
            try attributes.accept(name, only: [])
        }
        try attributes.finish()
        let made = row
        try await engine.database.write { try $0.insert(made, into: "networks") }
        do { try await engine.apply(made.id) } catch {
            try await engine.database.write { connection in
                try connection.execute("DELETE FROM networks WHERE id = ?", [made.id.column])
            }
            throw error
        }
        let object = NetworkViews.network(made, subnets: [], forAdmin: requester.isAdmin)
        return .json(201, ["network": .object(object)])
    }

    private func update(_ request: APIRequest) async throws -> APIResponse {
        let requester = try Requester(request)
        let id = try request.identifier(NetworkKind.self, "Network")
        let reader = try AttributeReader(request.body, "network")
        let object = try await engine.database.write { connection in
            var attributes = reader
            let tables = NetworkTables(connection)
            var row = try Self.owned(id, requester, tables)
            try Self.read(&attributes, into: &row, requester)
            try attributes.finish()
            row.updatedAt = .now()
            row.revision += 1
            try connection.update(row, in: "networks", key: "id")
            return try Self.view(row, requester, tables)
        }
        try await engine.apply(id)
        return .json(200, ["network": .object(object)])
    }

    private func delete(_ request: APIRequest) async throws -> APIResponse {
        let requester = try Requester(request)
        let id = try request.identifier(NetworkKind.self, "Network")
        try await engine.database.write { connection in
            let tables = NetworkTables(connection)
            _ = try Self.owned(id, requester, tables)
            guard try tables.portCount(of: id) == 0 else {
                throw NovaError(
                    .conflict,
                    "Unable to complete operation on network \(id). There are one or more ports still in use on the "
                        + "network.")
            }
            try connection.execute("DELETE FROM subnets WHERE network_id = ?", [id.column])
            try connection.execute("DELETE FROM networks WHERE id = ?", [id.column])
        }
        try await engine.apply(id)
        return .empty(204)
    }

    /// The network when the requester may change it; not found when he may not even see it.
    private static func owned(_ id: NetworkID, _ requester: Requester, _ tables: NetworkTables) throws -> NetworkRow {
        let row = try tables.usableNetwork(id, by: requester.scope)
        guard requester.owns(row.projectID) else {
            throw NovaError(.forbidden, "Network \(id) belongs to another project.")
        }
        return row
    }

    private static func read(
        _ attributes: inout AttributeReader, into row: inout NetworkRow, _ requester: Requester
    ) throws {
        row.name = try attributes.text("name") ?? row.name
        row.description = try attributes.text("description") ?? row.description
        row.adminStateUp = try attributes.bool("admin_state_up") ?? row.adminStateUp
        if let shared = try attributes.bool("shared"), shared != row.shared {
            try requester.requireAdmin(for: "shared")
            row.shared = shared
        }
        row.mtu = try attributes.integer("mtu", in: 576...9216) ?? row.mtu
        // Every network has NAT to the outside by itself; there are no routers and no floating addresses.
        try attributes.accept("router:external", only: [false])
        try attributes.accept("port_security_enabled", only: [false])
        try attributes.accept("is_default", only: [false])
        try attributes.accept("dns_domain", only: [""])
    }

    private static func view(_ row: NetworkRow, _ requester: Requester, _ tables: NetworkTables) throws -> JSONObject {
        NetworkViews.network(row, subnets: try tables.subnets(of: row.id).map(\.id), forAdmin: requester.isAdmin)
    }
}
