public import NovaModel
import NovaXML
public import VirtDriver

extension LibvirtDriver: InterfaceDriver {
    public func attachInterface(_ instance: InstanceSpec, _ interface: PluggedPort) async throws {
        let element = domainDocument(instance, InstanceParts(folder: "")).element(of: interface)
        try await domains.attachInterface(instance.id, mac: interface.port.mac, element.serialized())
    }

    public func detachInterface(_ instance: InstanceSpec, _ interface: PluggedPort) async throws {
        let element = domainDocument(instance, InstanceParts(folder: "")).element(of: interface)
        guard try await powerState(instance.id) != nil else { return }
        try await domains.detachInterface(instance.id, mac: interface.port.mac, element.serialized())
    }
}
