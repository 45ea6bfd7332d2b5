import NetworkDriver
import NovaCore
import NovaModel
import NovaWire

/// A row of `ports`.
struct PortRow: Record, Equatable {
    var id = PortID.none
    var networkID = NetworkID.none
    var subnetID: SubnetID?
    var projectID = ProjectID("")
    var name = ""
    var description = ""
    var mac = ""
    var address: Int64?
    var hostname = ""
    var deviceID = ""
    var deviceOwner = ""
    var host = ""
    var bound = false
    var preexisting = false
    var position: Int64 = 0
    var adminStateUp = true
    var createdAt = Timestamp(microseconds: 0)
    var updatedAt = Timestamp(microseconds: 0)
    var revision: Int64 = 1
    var tag = ""

    init() {}

    mutating func fields<V: FieldVisitor>(_ visitor: inout V) {
        visitor.visit("id", &id)
        visitor.visit("network_id", &networkID)
        visitor.visit("subnet_id", &subnetID)
        visitor.visit("project_id", &projectID)
        visitor.visit("name", &name)
        visitor.visit("description", &description)
        visitor.visit("mac", &mac)
        visitor.visit("address", &address)
        visitor.visit("hostname", &hostname)
        visitor.visit("device_id", &deviceID)
        visitor.visit("device_owner", &deviceOwner)
        visitor.visit("host", &host)
        visitor.visit("bound", &bound)
        visitor.visit("preexisting", &preexisting)
        visitor.visit("position", &position)
        visitor.visit("admin_state_up", &adminStateUp)
        visitor.visit("created_at", &createdAt)
        visitor.visit("updated_at", &updatedAt)
        visitor.visit("revision", &revision)
        visitor.visit("tag", &tag)
    }

    /// Whether it is plugged on a host: a shelved server keeps its ports, and has no host.
    var isOnHost: Bool { bound && !host.isEmpty }

    /// The port's address as text; nil when it has none.
    var addressText: String? { address.map { IPv4Address(UInt32(truncatingIfNeeded: $0)).description } }

    /// All that a compute host needs to plug the port.
    func binding(_ network: NetworkRow, _ subnet: SubnetRow?) throws -> PortBinding {
        var binding = PortBinding()
        binding.portID = id
        binding.networkID = network.id
        binding.networkName = network.name
        binding.mac = mac
        binding.fixedIP = addressText ?? ""
        binding.bridge = network.bridge
        binding.mtu = network.mtu
        binding.isPreexisting = preexisting
        binding.tag = tag.isEmpty ? nil : tag
        if let subnet {
            binding.prefix = Int64(try subnet.range().prefix)
            binding.gateway = subnet.gateway ?? ""
            binding.subnetID = subnet.id
            binding.dns = subnet.dnsServers
        }
        return binding
    }
}
