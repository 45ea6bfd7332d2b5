import NovaCore
import NovaModel
import NovaWire

/// One instance of a fake host, as it is remembered.
struct FakeInstance: Record, Equatable {
    var cloudID = CloudID.none
    var hostID = ProviderID.none
    var id = ServerID.none
    var name = ""
    var powerState = PowerState.noState
    var boots = 0
    /// The ports of its network devices.
    var ports: [PortID] = []

    init() {}

    mutating func fields<V: FieldVisitor>(_ visitor: inout V) {
        visitor.visit("cloud_id", &cloudID)
        visitor.visit("host_id", &hostID)
        visitor.visit("id", &id)
        visitor.visit("name", &name)
        visitor.visit("power_state", &powerState)
        var count = Int64(boots)
        visitor.visit("boots", &count)
        boots = Int(clamping: min(max(0, count), 1_000_000))
        visitor.visit("ports", &ports)
    }
}
