import NovaModel
import NovaXML
import VirtDriver

// Devices.
extension DomainDocument {
    var devices: XMLElement {
        XMLElement("devices") {
            disks
            if parts.disks.contains(where: { bus(of: $0) == "scsi" }) {
                XMLElement("controller", ["type": "scsi", "index": "0", "model": hardware.scsiModel ?? "virtio-scsi"])
            }
            for interface in parts.interfaces { element(of: interface) }
            if !isTest {
                console("serial")
                for port in 1..<max(1, hardware.serialPorts) {
                    XMLElement("serial", ["type": "pty"]) { XMLElement("target", ["port": String(port)]) }
                }
                console("console")
                agent
                if hardware.hasTablet { XMLElement("input", ["type": "tablet", "bus": "usb"]) }
                tpm
                XMLElement("graphics", ["type": "vnc", "port": "-1", "autoport": "yes", "listen": "127.0.0.1"])
                XMLElement("video") { video }
                if let action = hardware.watchdog {
                    XMLElement("watchdog", ["model": "i6300esb", "action": action])
                }
                XMLElement("memballoon", ["model": "virtio"]) { XMLElement("stats", ["period": "10"]) }
                randomSource
            }
        }
    }

    // MARK: Disks

    private var disks: [XMLElement] {
        var names: [String: Int] = [:]
        return parts.disks.map { disk in
            let bus = bus(of: disk)
            let prefix = ["virtio": "vd", "ide": "hd"][bus] ?? "sd"
            let index = names[prefix, default: 0]
            names[prefix] = index + 1
            let letter = String(UnicodeScalar(UInt8(ascii: "a") + UInt8(clamping: min(index, 25))))
            return XMLElement("disk", ["type": "file", "device": disk.isCDROM ? "cdrom" : "disk"]) {
                XMLElement("driver", ["name": "qemu", "type": disk.format.rawValue, "cache": diskCache])
                XMLElement("source", ["file": disk.path])
                XMLElement("target", ["dev": prefix + letter, "bus": bus])
                if let order = disk.bootOrder { XMLElement("boot", ["order": String(order)]) }
                if disk.isCDROM { XMLElement("readonly") }
            }
        }
    }

    private func bus(of disk: DiskFile) -> String {
        if let bus = disk.bus { return bus }
        guard disk.isCDROM else { return hardware.diskBus }
        return hardware.cdromBus ?? (HardwareRules.isQ35(machine) ? "sata" : "ide")
    }

    // MARK: Network devices

    /// A network device, also for a guest that runs.
    func element(of interface: PluggedPort) -> XMLElement {
        if isTest {
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
            XMLElement("model", ["type": hardware.interfaceModel])
            if hardware.queues > 1 { XMLElement("driver", ["queues": String(hardware.queues)]) }
            if interface.port.mtu > 0, interface.port.mtu != 1500 {
                XMLElement("mtu", ["size": String(interface.port.mtu)])
            }
        }
    }

    // MARK: The rest

    static let agentChannel = "org.qemu.guest_agent.0"

    /// The way to the agent in the guest, for images that say that they have one.
    private var agent: XMLElement? {
        guard hardware.hasAgent else { return nil }
        return XMLElement("channel", ["type": "unix"]) {
            XMLElement("target", ["type": "virtio", "name": Self.agentChannel])
        }
    }

    private var tpm: XMLElement? {
        guard let tpm = hardware.tpm else { return nil }
        return XMLElement("tpm", ["model": tpm.model]) {
            XMLElement("backend", ["type": "emulator", "version": tpm.version])
        }
    }

    private var video: XMLElement {
        // The firmware of UEFI machines has no driver for the older card.
        var model = XMLElement("model", ["type": hardware.video ?? (hardware.isUEFI ? "vga" : "cirrus")])
        if let size = hardware.videoKiB { model[attribute: "vram"] = String(size) }
        return model
    }

    private var randomSource: XMLElement? {
        guard hardware.hasRandomSource else { return nil }
        return XMLElement("rng", ["model": "virtio"]) {
            if let rate = hardware.randomRate {
                XMLElement("rate", ["period": String(rate.period), "bytes": String(rate.bytes)])
            }
            XMLElement("backend", ["model": "random"], text: "/dev/urandom")
        }
    }

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
