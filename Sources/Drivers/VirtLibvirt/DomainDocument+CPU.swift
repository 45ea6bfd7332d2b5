import NovaModel
import NovaXML

// Memory and processors.
extension DomainDocument {
    var memoryBacking: XMLElement? {
        guard let size = hardware.pageKiB, !isTest else { return nil }
        return XMLElement("memoryBacking") {
            XMLElement("hugepages") { XMLElement("page", ["size": String(size), "unit": "KiB"]) }
        }
    }

    var vcpu: XMLElement {
        var element = XMLElement("vcpu", text: String(max(1, instance.flavor.vcpus)))
        if let sharedCPUs, pins.cpus.isEmpty { element[attribute: "cpuset"] = CPUList.text(sharedCPUs) }
        return element
    }

    /// Dedicated CPUs one by one; those of a NUMA node where the host has several.
    var cpuTune: XMLElement? {
        if !pins.cpus.isEmpty {
            return XMLElement("cputune") {
                for (index, cpu) in pins.cpus.enumerated() {
                    XMLElement("vcpupin", ["vcpu": String(index), "cpuset": String(cpu)])
                }
                XMLElement("emulatorpin", ["cpuset": CPUList.text(pins.held)])
            }
        }
        guard isPlaced else { return nil }
        return XMLElement("cputune") {
            for cell in hardware.cells {
                let host = hostCells[cell.hostCell ?? 0].cpus
                let shared = sharedCPUs.map { host.intersection($0) } ?? host
                for cpu in cell.cpus.sorted() {
                    XMLElement(
                        "vcpupin", ["vcpu": String(cpu), "cpuset": CPUList.text(shared.isEmpty ? host : shared)])
                }
            }
        }
    }

    var numaTune: XMLElement? {
        guard isPlaced else { return nil }
        return XMLElement("numatune") {
            XMLElement("memory", ["mode": "strict", "nodeset": CPUList.text(hardware.cells.compactMap(\.hostCell))])
            for (index, cell) in hardware.cells.enumerated() {
                XMLElement(
                    "memnode",
                    ["cellid": String(index), "mode": "strict", "nodeset": String(cell.hostCell ?? 0)])
            }
        }
    }

    /// Whether the guest's nodes lie on certain ones of the host.
    private var isPlaced: Bool {
        hostCells.count > 1 && !hardware.cells.isEmpty
            && hardware.cells.allSatisfy { hostCells.indices.contains($0.hostCell ?? -1) }
    }

    var cpu: XMLElement? {
        var cpu: XMLElement?
        if options.cpuModel != "none", !options.cpuModel.isEmpty {
            cpu = XMLElement("cpu", ["mode": "custom", "match": "exact"]) {
                XMLElement("model", text: options.cpuModel)
            }
        } else if options.virtType == "kvm" {
            cpu = XMLElement("cpu", ["mode": "host-model"])
        } else if options.virtType == "qemu" {
            cpu = XMLElement("cpu", ["mode": "custom", "match": "exact"]) { XMLElement("model", text: "qemu64") }
        }
        if let topology = hardware.topology {
            cpu?.append(
                XMLElement(
                    "topology",
                    [
                        "sockets": String(topology.sockets), "cores": String(topology.cores),
                        "threads": String(topology.threads),
                    ]))
        }
        if !hardware.cells.isEmpty {
            cpu?.append(
                XMLElement("numa") {
                    for (index, cell) in hardware.cells.enumerated() {
                        XMLElement(
                            "cell",
                            [
                                "id": String(index), "cpus": CPUList.text(cell.cpus),
                                "memory": String(cell.memoryMB), "unit": "MiB",
                            ])
                    }
                })
        }
        return cpu
    }
}
