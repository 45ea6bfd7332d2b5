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
    /// What flavor and image have come to.
    var hardware = GuestHardware()
    /// The host's CPU for each of the guest's, when they are dedicated.
    var pins = CPUPins()
    /// The host's CPUs for guests without CPUs of their own; nil for all.
    var sharedCPUs: Set<Int>?
    /// The host's NUMA nodes; with one there is nothing to choose.
    var hostCells: [HostAbilities.Cell] = []

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
            memoryBacking
            vcpu
            cpuTune
            numaTune
            if !isTest { sysinfo }
            system
            features
            cpu
            XMLElement("clock", ["offset": "utc"])
            XMLElement("on_poweroff", text: "destroy")
            XMLElement("on_reboot", text: "restart")
            XMLElement("on_crash", text: "destroy")
            devices
        }
    }

    /// libvirt's test hypervisor knows little of hardware.
    var isTest: Bool { options.virtType == "test" }

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
        var system = XMLElement("os") {
            if isTest {
                XMLElement("type", text: "hvm")
            } else {
                XMLElement("type", ["arch": "x86_64", "machine": machine], text: "hvm")
            }
            if hardware.hasSecureBoot {
                XMLElement("firmware") {
                    XMLElement("feature", ["enabled": "yes", "name": "secure-boot"])
                    XMLElement("feature", ["enabled": "yes", "name": "enrolled-keys"])
                }
                XMLElement("loader", ["secure": "yes"])
            }
            // Among the instance's files, so that they go where it goes.
            if hardware.isUEFI { XMLElement("nvram", text: "\(parts.folder)/firmware.vars") }
            if let kernel = parts.kernelPath {
                XMLElement("kernel", text: kernel)
                if let ramdisk = parts.ramdiskPath { XMLElement("initrd", text: ramdisk) }
                XMLElement("cmdline", text: commandLine)
            } else if !parts.disks.contains(where: { $0.bootOrder != nil }) {
                XMLElement("boot", ["dev": "hd"])
            }
            if hardware.hasBootMenu { XMLElement("bootmenu", ["enable": "yes"]) }
            if !isTest { XMLElement("smbios", ["mode": "sysinfo"]) }
        }
        if hardware.isUEFI { system[attribute: "firmware"] = "efi" }
        return system
    }

    var machine: String { hardware.machine ?? options.machine }

    // Without no_timer_check an emulated guest on a busy host may panic early in its boot.
    private var commandLine: String {
        let root = hardware.diskBus == "virtio" ? "vda" : "sda"
        return instance.hardwareProperties["os_command_line"]
            ?? "root=/dev/\(root) console=tty0 console=ttyS0 no_timer_check"
    }

    private var features: XMLElement {
        XMLElement("features") {
            XMLElement("acpi")
            XMLElement("apic")
            if hardware.hidesHypervisor { XMLElement("kvm") { XMLElement("hidden", ["state": "on"]) } }
            if hardware.hasSecureBoot { XMLElement("smm", ["state": "on"]) }
        }
    }
}
