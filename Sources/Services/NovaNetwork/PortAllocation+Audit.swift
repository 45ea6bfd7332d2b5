import NovaCore
import NovaInterfaces
import NovaModel

extension PortAllocation {
    /// Bound ports as compute hosts know them; networks and subnets are read once each.
    ///
    /// A port whose device is no server is somebody else's.
    func describe(_ rows: [PortRow]) throws -> [ServerPort] {
        var networks: [NetworkID: NetworkRow] = [:]
        var subnets: [SubnetID: SubnetRow] = [:]
        return try rows.compactMap { row in
            guard let server = ServerID(row.deviceID) else { return nil }
            if networks[row.networkID] == nil { networks[row.networkID] = try tables.network(row.networkID) }
            guard let network = networks[row.networkID] else { return nil }
            if let id = row.subnetID, subnets[id] == nil { subnets[id] = try tables.subnet(id) }
            var port = ServerPort()
            port.serverID = server
            port.position = row.position
            port.port = try row.binding(network, row.subnetID.flatMap { subnets[$0] })
            return port
        }
    }
}
