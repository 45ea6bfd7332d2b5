import NovaCore
import NovaModel
import NovaXML
import VirtDriver

/// The description of a container as libvirt wants it; a pure function of what it is made from.
struct ContainerDocument {
    /// What a container's root may not do on the host, beyond what libvirt takes from it anyway.
    private static let deniedCapabilities = ["mac_override", "mknod", "sys_rawio", "syslog"]

    var context: VirtDriverContext
    var instance: InstanceSpec
    var parts: InstanceParts
    /// The name of the root disk for libvirt.
    var rootPath: String

    /// - Throws: ``NovaError`` `badRequest` when the instance has what no container can have.
    var element: XMLElement {
        get throws {
            _ = try rootDisk
            return XMLElement("domain", ["type": "lxc"]) {
                XMLElement("name", text: DomainDocument.name(sequence: instance.sequence, cloud: context.cloudID))
                XMLElement("uuid", text: instance.id.description)
                XMLElement("metadata") { DomainMark(context, serverID: instance.id, name: instance.name).element }
                XMLElement("memory", ["unit": "MiB"], text: String(max(1, instance.flavor.memoryMB)))
                XMLElement("vcpu", text: String(max(1, instance.flavor.vcpus)))
                system
                XMLElement("features") {
                    XMLElement("capabilities", ["policy": "default"]) {
                        for name in Self.deniedCapabilities { XMLElement(name, ["state": "off"]) }
                    }
                    // Without it a container without network devices would have the host's.
                    XMLElement("privnet")
                }
                XMLElement("clock", ["offset": "utc"])
                XMLElement("on_poweroff", text: "destroy")
                XMLElement("on_reboot", text: "restart")
                XMLElement("on_crash", text: "destroy")
                XMLElement("devices") {
                    XMLElement("filesystem", ["type": "file", "accessmode": "passthrough"]) {
                        XMLElement("driver", ["type": "loop", "format": "raw"])
                        XMLElement("source", ["file": rootPath])
                        XMLElement("target", ["dir": "/"])
                    }
                    for (index, interface) in parts.interfaces.enumerated() { element(of: interface, at: index) }
                    XMLElement("console", ["type": "pty"])
                }
            }
        }
    }

    /// The one disk that a container has.
    ///
    /// - Throws: ``NovaError`` `badRequest` when the instance has what no container can have.
    var rootDisk: DiskFile {
        get throws {
            guard let root = parts.disks.first, root.format == .raw, parts.disks.count == 1, parts.kernelPath == nil
            else {
                throw NovaError(
                    .badRequest,
                    "A container has one disk with its root file system, and no kernel: take a flavor without ephemeral "
                        + "and swap disks, an image of a root file system, and no config drive.")
            }
            return root
        }
    }

    private var system: XMLElement {
        let properties = instance.image?.image.properties ?? [:]
        return XMLElement("os") {
            XMLElement("type", text: "exe")
            XMLElement("init", text: "/sbin/init")
            for word in (properties["os_command_line"] ?? "").split(separator: " ") {
                XMLElement("initarg", text: String(word))
            }
        }
    }

    /// libvirt makes a pair of devices, of which one end is in the bridge and the other in the container.
    private func element(of interface: PluggedPort, at index: Int) -> XMLElement {
        XMLElement("interface", ["type": "bridge"]) {
            XMLElement("mac", ["address": interface.port.mac])
            XMLElement("source", ["bridge": interface.port.bridge])
            XMLElement("target", ["dev": interface.tap])
            XMLElement("guest", ["dev": "eth\(index)"])
        }
    }
}
