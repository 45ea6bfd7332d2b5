import NovaCore
import NovaModel
import NovaXML
import VirtDriver

/// The description of a domain as libvirt wants it; a pure function of what it is made from.
struct DomainDocument {
    var context: VirtDriverContext
    var options: LibvirtOptions
    /// The disk cache mode, already decided.
    var diskCache: String
    var instance: InstanceSpec
    var parts: InstanceParts

    /// `instance-0000002a-1f3c9a`: Nova's name, and the cloud's digits since clouds may share a libvirtd.
    static func name(sequence: Int64, cloud: CloudID) -> String {
        let digits = String(UInt64(bitPattern: sequence), radix: 16)
        let padded = String(repeating: "0", count: max(0, 8 - digits.count)) + digits
        return "instance-\(padded)-\(cloud.uuid.hex.prefix(6))"
    }

    var element: XMLElement {
        XMLElement("domain", ["type": options.virtType]) {
            XMLElement("name", text: Self.name(sequence: instance.sequence, cloud: context.cloudID))
            XMLElement("uuid", text: instance.id.description)
            XMLElement("metadata") { DomainMark(context, serverID: instance.id, name: instance.name).element }
            XMLElement("memory", ["unit": "MiB"], text: String(max(1, instance.flavor.memoryMB)))
            XMLElement("vcpu", text: String(max(1, instance.flavor.vcpus)))
            if options.virtType != "test" { sysinfo }
            system
            XMLElement("features") {
                XMLElement("acpi")
                XMLElement("apic")
            }
            cpu
            XMLElement("clock", ["offset": "utc"])
            XMLElement("on_poweroff", text: "destroy")
            XMLElement("on_reboot", text: "restart")
            XMLElement("on_crash", text: "destroy")
            devices
        }
    }

    private var sysinfo: XMLElement {
        XMLElement("sysinfo", ["type": "smbios"]) {
            XMLElement("system") {
                XMLElement("entry", ["name": "manufacturer"], text: "OpenStack Foundation")
                XMLElement("entry", ["name": "product"], text: "OpenStack Nova")
                XMLElement("entry", ["name": "serial"], text: instance.id.description)
                XMLElement("entry", ["name": "uuid"], text: instance.id.description)
                XMLElement("entry", ["name": "family"], text: "Virtual Machine")
            }
        }
    }

    private var system: XMLElement {
        XMLElement("os") {
            if options.virtType == "test" {
                XMLElement("type", text: "hvm")
            } else {
                XMLElement("type", ["arch": "x86_64", "machine": machine], text: "hvm")
            }
            if let kernel = parts.kernelPath {
                XMLElement("kernel", text: kernel)
                if let ramdisk = parts.ramdiskPath { XMLElement("initrd", text: ramdisk) }
                XMLElement("cmdline", text: commandLine)
            } else {
                XMLElement("boot", ["dev": "hd"])
            }
            if options.virtType != "test" { XMLElement("smbios", ["mode": "sysinfo"]) }
        }
    }

    private var machine: String { properties["hw_machine_type"] ?? options.machine }

    private var properties: [String: String] { instance.image?.image.properties ?? [:] }

    // Without no_timer_check an emulated guest on a busy host may panic early in its boot.
    private var commandLine: String {
        properties["os_command_line"] ?? "root=/dev/vda console=tty0 console=ttyS0 no_timer_check"
    }

    private var cpu: XMLElement? {
        if options.cpuModel != "none", !options.cpuModel.isEmpty {
            return XMLElement("cpu", ["mode": "custom", "match": "exact"]) {
                XMLElement("model", text: options.cpuModel)
            }
        }
        switch options.virtType {
        case "kvm": return XMLElement("cpu", ["mode": "host-model"])
        case "qemu":
            return XMLElement("cpu", ["mode": "custom", "match": "exact"]) { XMLElement("model", text: "qemu64") }
        default: return nil
        }
    }

    private var devices: XMLElement {
        XMLElement("devices") {
            for (index, disk) in parts.disks.enumerated() { element(of: disk, at: index) }
            for interface in parts.interfaces { element(of: interface) }
            if options.virtType != "test" {
                console("serial")
                console("console")
                agent
                XMLElement("input", ["type": "tablet", "bus": "usb"])
                XMLElement("graphics", ["type": "vnc", "port": "-1", "autoport": "yes", "listen": "127.0.0.1"])
                XMLElement("video") { XMLElement("model", ["type": "cirrus"]) }
                XMLElement("memballoon", ["model": "virtio"]) { XMLElement("stats", ["period": "10"]) }
                XMLElement("rng", ["model": "virtio"]) {
                    XMLElement("backend", ["model": "random"], text: "/dev/urandom")
                }
            }
        }
    }

    private func element(of disk: DiskFile, at index: Int) -> XMLElement {
        let isIDE = properties["hw_disk_bus"] == "ide"
        let letter = String(UnicodeScalar(UInt8(ascii: "a") + UInt8(clamping: min(index, 25))))
        return XMLElement("disk", ["type": "file", "device": "disk"]) {
            XMLElement("driver", ["name": "qemu", "type": disk.format.rawValue, "cache": diskCache])
            XMLElement("source", ["file": disk.path])
            XMLElement("target", ["dev": (isIDE ? "hd" : "vd") + letter, "bus": isIDE ? "ide" : "virtio"])
        }
    }

    /// A network device, also for a guest that runs.
    func element(of interface: PluggedPort) -> XMLElement {
        if options.virtType == "test" {
            return XMLElement("interface", ["type": "network"]) {
                XMLElement("mac", ["address": interface.port.mac])
                XMLElement("source", ["network": "default"])
                XMLElement("target", ["dev": interface.tap])
            }
        }
        // The tap is ours already and sits in its bridge: libvirt opens it and leaves it alone.
        return XMLElement("interface", ["type": "ethernet"]) {
            XMLElement("mac", ["address": interface.port.mac])
            XMLElement("target", ["dev": interface.tap, "managed": "no"])
            XMLElement("model", ["type": properties["hw_vif_model"] ?? "virtio"])
            if interface.port.mtu > 0, interface.port.mtu != 1500 {
                XMLElement("mtu", ["size": String(interface.port.mtu)])
            }
        }
    }

    /// The way to the agent in the guest, for images that say that they have one.
    private var agent: XMLElement? {
        guard ["yes", "true", "1"].contains(properties["hw_qemu_guest_agent"]?.lowercased()) else { return nil }
        return XMLElement("channel", ["type": "unix"]) {
            XMLElement("target", ["type": "virtio", "name": Self.agentChannel])
        }
    }

    static let agentChannel = "org.qemu.guest_agent.0"

    // The log is written by virtlogd, which bounds it, and survives restarts of libvirtd.
    private func console(_ kind: String) -> XMLElement {
        XMLElement(kind, ["type": "pty"]) {
            XMLElement("log", ["file": parts.consolePath, "append": "off"])
            if kind == "serial" {
                XMLElement("target", ["port": "0"])
            } else {
                XMLElement("target", ["type": "serial", "port": "0"])
            }
        }
    }
}
