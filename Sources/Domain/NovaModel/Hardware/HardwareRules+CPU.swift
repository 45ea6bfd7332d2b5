// Topology, dedicated CPUs, NUMA nodes and memory pages.
extension HardwareRules {
    /// More than any guest has: arrangements are tried one by one.
    private static let mostCPUs: Int64 = 4096
    private static let parts = ["sockets", "cores", "threads"]

    mutating func topology() -> GuestHardware.Topology? {
        let range: ClosedRange<Int64> = 1...65_536
        var ofFlavor: [Int64?] = []
        var ofImage: [Int64?] = []
        var limits: [Int64] = []
        for part in Self.parts {
            let (image, imageMost) = (number("hw_cpu_\(part)", range), number("hw_cpu_max_\(part)", range))
            let (flavor, flavorMost) = (number("hw:cpu_\(part)", range), number("hw:cpu_max_\(part)", range))
            if let imageMost, let flavorMost, imageMost > flavorMost {
                refuse(
                    "hw_cpu_max_\(part)", "\(imageMost) is more than the flavor's hw:cpu_max_\(part)=\(flavorMost)",
                    "lower it")
            }
            let limit = min(imageMost ?? .max, flavorMost ?? .max)
            if let image, image > limit {
                refuse("hw_cpu_\(part)", "\(image) is more than the limit of \(limit)", "lower it")
            }
            if let flavor, flavor > limit, image == nil {
                refuse("hw:cpu_\(part)", "\(flavor) is more than the limit of \(limit)", "lower it")
            }
            ofFlavor.append(flavor)
            ofImage.append(image)
            limits.append(limit)
        }
        // An image that says anything of it says all of it.
        let wanted = ofImage.contains { $0 != nil } ? ofImage : ofFlavor
        let isAsked = wanted.contains { $0 != nil } || limits.contains { $0 != .max }
        guard isAsked, conflicts.isEmpty, (1...Self.mostCPUs).contains(flavor.vcpus) else { return nil }
        guard let best = arrangement(of: flavor.vcpus, wanted, limits) else {
            refuse(
                "hw:cpu_max_sockets", "no sockets, cores and threads within the limits make \(flavor.vcpus) CPUs",
                "raise the limits, or take another number of CPUs")
            return nil
        }
        return best
    }

    /// The arrangement that has most of what is wanted; of equal ones that with more sockets, then with more cores.
    private func arrangement(
        of cpus: Int64, _ wanted: [Int64?], _ limits: [Int64]
    ) -> GuestHardware.Topology? {
        var best: (score: Int, topology: GuestHardware.Topology)?
        for sockets in (1...cpus).reversed() where cpus % sockets == 0 && sockets <= limits[0] {
            let rest = cpus / sockets
            for cores in (1...rest).reversed() where rest % cores == 0 && cores <= limits[1] {
                let threads = rest / cores
                guard threads <= limits[2] else { continue }
                let score = zip(wanted, [sockets, cores, threads]).count { $0 == $1 }
                if score > best?.score ?? -1 {
                    best = (score, GuestHardware.Topology(sockets: sockets, cores: cores, threads: threads))
                }
            }
        }
        return best?.topology
    }

    mutating func isDedicated() -> Bool {
        let words = ["dedicated", "shared", "mixed"]
        let (ofFlavor, ofImage) = (choice("hw:cpu_policy", words), choice("hw_cpu_policy", words))
        if ofFlavor == "shared", let ofImage, ofImage != "shared" {
            refuse(
                "hw_cpu_policy", "the image says \(ofImage), the flavor's hw:cpu_policy says shared",
                "take a flavor with dedicated CPUs")
        }
        let policy = ofFlavor ?? ofImage
        if policy == "mixed" {
            refuse(
                ofFlavor == nil ? "hw_cpu_policy" : "hw:cpu_policy", "CPUs are all dedicated or all shared here",
                "take dedicated or shared")
        }
        return policy == "dedicated"
    }

    mutating func threadPolicy() -> GuestHardware.ThreadPolicy? {
        let words = ["prefer", "isolate", "require"]
        let (ofFlavor, ofImage) = (choice("hw:cpu_thread_policy", words), choice("hw_cpu_thread_policy", words))
        if let ofFlavor, ofFlavor != "prefer", let ofImage, ofImage != ofFlavor {
            refuse(
                "hw_cpu_thread_policy", "the image says \(ofImage), the flavor says \(ofFlavor)",
                "take an image or a flavor that agree")
        }
        return (ofFlavor == nil || ofFlavor == "prefer" ? ofImage ?? ofFlavor : ofFlavor)
            .flatMap { GuestHardware.ThreadPolicy(rawValue: $0) }
    }

    mutating func checkDedicated(_ isDedicated: Bool, _ policy: GuestHardware.ThreadPolicy?) {
        let key = spec("hw:cpu_thread_policy") == nil ? "hw_cpu_thread_policy" : "hw:cpu_thread_policy"
        guard isDedicated else {
            if policy != nil { refuse(key, "it is for dedicated CPUs only", "set hw:cpu_policy=dedicated") }
            return
        }
        guard let host else { return }
        if Int64(host.dedicatedCPUs.count) < flavor.vcpus {
            refuseHost(
                spec("hw:cpu_policy") == nil ? "hw_cpu_policy" : "hw:cpu_policy",
                "the host keeps \(host.dedicatedCPUs.count) CPUs for dedicated use, \(flavor.vcpus) are wanted",
                "set [compute] cpu_dedicated_set there")
        }
        if policy == .require, host.threadsPerCore < 2 {
            refuseHost(key, "the host's cores have one thread each", "take prefer or isolate")
        }
    }

    // MARK: NUMA

    mutating func cells() -> [GuestHardware.Cell] {
        let (ofFlavor, ofImage) = (keys("hw:numa_"), keys("hw_numa_"))
        if !ofFlavor.isEmpty, let key = ofImage.first {
            refuse(key, "the flavor has NUMA nodes of its own, which no image may change", "remove it from the image")
            return []
        }
        guard !ofFlavor.isEmpty || !ofImage.isEmpty else { return [] }
        let prefix = ofFlavor.isEmpty ? "hw_numa_" : "hw:numa_"
        let before = conflicts.count
        guard let count = number("\(prefix)nodes", 1...64) else {
            if conflicts.count == before { refuse("\(prefix)nodes", "it is missing beside other NUMA keys", "set it") }
            return []
        }
        let cells = cells(Int(count), prefix)
        guard conflicts.count == before else { return [] }
        return placed(cells, "\(prefix)nodes")
    }

    private mutating func cells(_ count: Int, _ prefix: String) -> [GuestHardware.Cell] {
        let (cpus, memory) = (flavor.vcpus, flavor.memoryMB)
        let named = (0..<count).count { value("\(prefix)cpus.\($0)") != nil || value("\(prefix)mem.\($0)") != nil }
        guard named > 0 else {
            guard cpus % Int64(count) == 0, memory % Int64(count) == 0, cpus <= Self.mostCPUs else {
                refuse(
                    "\(prefix)nodes", "\(cpus) CPUs and \(memory) MiB do not divide by \(count)",
                    "set \(prefix)cpus.N and \(prefix)mem.N for each node")
                return []
            }
            let share = Int(cpus) / count
            return (0..<count).map {
                GuestHardware.Cell(cpus: Set($0 * share..<($0 + 1) * share), memoryMB: memory / Int64(count))
            }
        }
        var cells: [GuestHardware.Cell] = []
        var seen: Set<Int> = []
        for index in 0..<count {
            let (cpuKey, memoryKey) = ("\(prefix)cpus.\(index)", "\(prefix)mem.\(index)")
            guard let text = value(cpuKey), value(memoryKey) != nil else {
                refuse(cpuKey, "node \(index) needs both its CPUs and its memory", "set \(cpuKey) and \(memoryKey)")
                continue
            }
            guard let set = CPUList.parse(text), Int64(set.max() ?? 0) < cpus else {
                refuse(cpuKey, "'\(text)' is no list of CPUs from 0 to \(cpus - 1)", "correct it")
                continue
            }
            if !seen.isDisjoint(with: set) { refuse(cpuKey, "a CPU of it is in another node, too", "correct it") }
            seen.formUnion(set)
            guard let megabytes = number(memoryKey, 1...Int64(Int32.max)) else { continue }
            cells.append(GuestHardware.Cell(cpus: set, memoryMB: megabytes))
        }
        guard cells.count == count else { return [] }
        if Int64(seen.count) != cpus {
            refuse("\(prefix)cpus.0", "the nodes have \(seen.count) of the flavor's \(cpus) CPUs", "name all of them")
        }
        let sum = cells.reduce(Int64(0)) { $0 + $1.memoryMB }
        if sum != memory {
            refuse("\(prefix)mem.0", "the nodes have \(sum) MiB, the flavor has \(memory)", "make them equal")
        }
        return cells
    }

    private func value(_ key: String) -> String? { spec(key) ?? property(key) }

    /// Gives each node one of the host's, the first that is big enough; the largest node chooses first.
    private mutating func placed(_ cells: [GuestHardware.Cell], _ key: String) -> [GuestHardware.Cell] {
        guard let host else { return cells }
        var cells = cells
        var free = Array(host.cells.enumerated())
        for index in cells.indices.sorted(by: { cells[$0].memoryMB > cells[$1].memoryMB }) {
            let found = free.firstIndex {
                $0.element.cpus.count >= cells[index].cpus.count && $0.element.memoryMB >= cells[index].memoryMB
            }
            guard let found else {
                refuseHost(
                    key,
                    "the host has \(host.cells.count) NUMA nodes, and none left for node \(index) with "
                        + "\(cells[index].cpus.count) CPUs and \(cells[index].memoryMB) MiB",
                    "take fewer or smaller nodes")
                return []
            }
            cells[index].hostCell = free.remove(at: found).offset
        }
        return cells
    }

    // MARK: Pages

    mutating func page() -> Int64? {
        let ofFlavor = spec("hw:mem_page_size")?.lowercased()
        let ofImage = property("hw_mem_page_size")?.lowercased()
        if ofImage != nil, ofFlavor != "large", ofFlavor != "any" {
            refuse(
                "hw_mem_page_size", "the flavor does not leave the size of pages to the image",
                "set the flavor's hw:mem_page_size to large or any")
        }
        let key = ofImage == nil ? "hw:mem_page_size" : "hw_mem_page_size"
        guard let text = ofImage ?? ofFlavor else { return nil }
        let memory = flavor.memoryMB.multipliedReportingOverflow(by: 1024)
        guard !memory.overflow else { return nil }
        switch text {
        case "small", "any": return nil
        case "large":
            guard let host else { return nil }
            let sizes = host.pages.keys.sorted(by: >)
            if let size = sizes.first(where: { fits(memory.partialValue, $0, host) }) { return size }
            refuseHost(key, "the host has no large memory pages for \(flavor.memoryMB) MiB", Self.pageStep)
            return nil
        default:
            guard let size = Self.kibibytes(text), size > 0 else {
                refuse(key, "'\(text)' is no size of pages", "take small, large, any, or a number of KiB, MB or GB")
                return nil
            }
            guard memory.partialValue % size == 0 else {
                refuse(
                    key, "\(flavor.memoryMB) MiB are no whole number of pages of \(size) KiB", "take another flavor")
                return nil
            }
            guard size > 4 else { return nil }
            if let host, !fits(memory.partialValue, size, host) {
                refuseHost(
                    key,
                    "the host has \(host.pages[size] ?? 0) memory pages of \(size) KiB, "
                        + "\(memory.partialValue / size) are wanted", Self.pageStep)
            }
            return size
        }
    }

    private static let pageStep = "reserve some there (sysctl vm.nr_hugepages, a mounted hugetlbfs, libvirtd anew)"

    private func fits(_ kibibytes: Int64, _ size: Int64, _ host: HostAbilities) -> Bool {
        size > 4 && kibibytes % size == 0 && kibibytes / size <= host.pages[size] ?? 0
    }

    /// `2048`, `2MB`, `1GB`: a number alone is KiB.
    static func kibibytes(_ text: String) -> Int64? {
        let digits = text.prefix { $0.isASCII && $0.isNumber }
        guard let number = Int64(digits), number >= 0, number <= 1 << 30 else { return nil }
        switch text.dropFirst(digits.count).lowercased() {
        case "", "k", "kb", "kib": return number
        case "m", "mb", "mib": return number << 10
        case "g", "gb", "gib": return number << 20
        default: return nil
        }
    }
}
