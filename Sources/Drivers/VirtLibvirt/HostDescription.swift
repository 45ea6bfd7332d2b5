import NovaModel
import NovaXML

/// What libvirt says of its host, read from its own documents; apart from all input and output.
struct HostDescription: Sendable, Equatable {
    var abilities = HostAbilities()
    /// The threads of each core that has several.
    var siblings: [Set<Int>] = []

    /// - Parameters:
    ///   - capabilities: what `virsh capabilities` prints.
    ///   - machines: what `virsh domcapabilities` prints for some machine types.
    init(capabilities: String, machines: [String], machine: String, dedicated: Set<Int>) throws {
        let root = try XMLReader.parse(capabilities)
        abilities.machine = machine
        for cell in root.at("host", "topology", "cells")?.all("cell") ?? [] { add(cell) }
        let cpus = abilities.cells.reduce(into: Set<Int>()) { $0.formUnion($1.cpus) }
        // A CPU that the host does not have is none to give away.
        abilities.dedicatedCPUs = dedicated.intersection(cpus)
        abilities.threadsPerCore = Int64(siblings.map(\.count).max() ?? 1)
        for arch in root.all("guest").compactMap({ $0.first("arch") }) where arch[attribute: "name"] == "x86_64" {
            for machine in arch.all("machine") {
                abilities.machines.insert(machine.text)
                if let name = machine[attribute: "canonical"] { abilities.machines.insert(name) }
            }
        }
        for text in machines { add(machine: try XMLReader.parse(text)) }
    }

    private mutating func add(_ cell: XMLElement) {
        var cpus: Set<Int> = []
        for cpu in cell.first("cpus")?.all("cpu") ?? [] {
            guard let number = cpu[attribute: "id"].flatMap({ Int($0) }) else { continue }
            cpus.insert(number)
            if let threads = cpu[attribute: "siblings"].flatMap({ CPUList.parse($0) }), threads.count > 1,
                !siblings.contains(threads)
            {
                siblings.append(threads)
            }
        }
        let memory = cell.first("memory").flatMap { Int64($0.text) } ?? 0
        abilities.cells.append(HostAbilities.Cell(cpus: cpus, memoryMB: memory / 1024))
        for pages in cell.all("pages") {
            guard let size = pages[attribute: "size"].flatMap({ Int64($0) }), size > 4, let count = Int64(pages.text),
                (1...Int64(Int32.max)).contains(count)
            else { continue }
            abilities.pages[size, default: 0] += count
        }
    }

    private mutating func add(machine root: XMLElement) {
        func values(_ element: XMLElement?, _ name: String) -> Set<String> {
            guard let element, element[attribute: "supported"] != "no" else { return [] }
            let found = element.all("enum").first { $0[attribute: "name"] == name }
            return Set(found?.all("value").map(\.text) ?? [])
        }
        if values(root.first("os"), "firmware").contains("efi") { abilities.hasUEFI = true }
        if abilities.hasUEFI, values(root.at("os", "loader"), "secure").contains("yes") {
            abilities.hasSecureBoot = true
        }
        let devices = root.first("devices")
        abilities.videoModels.formUnion(values(devices?.first("video"), "modelType"))
        abilities.diskBuses.formUnion(values(devices?.first("disk"), "bus"))
        let tpm = devices?.first("tpm")
        if values(tpm, "backendModel").contains("emulator") {
            abilities.tpmModels.formUnion(values(tpm, "model"))
            abilities.tpmVersions.formUnion(values(tpm, "backendVersion"))
        }
    }
}
