/// What hardware a host can give its guests, as its driver says and reports it.
///
/// An empty set of names means that nobody knows, not that there is none; but for firmware and TPMs, which are told.
public struct HostAbilities: Sendable, Equatable {
    /// A NUMA node.
    public struct Cell: Sendable, Equatable {
        public var cpus: Set<Int>
        public var memoryMB: Int64

        public init(cpus: Set<Int>, memoryMB: Int64) {
            self.cpus = cpus
            self.memoryMB = memoryMB
        }
    }

    /// Whether guests are containers, which have no hardware of their own.
    public var isContainer = false
    /// The machine type of guests that ask for none.
    public var machine = ""
    public var machines: Set<String> = []
    public var hasUEFI = false
    public var hasSecureBoot = false
    public var tpmModels: Set<String> = []
    public var tpmVersions: Set<String> = []
    public var videoModels: Set<String> = []
    public var diskBuses: Set<String> = []
    /// How many memory pages there are beyond the usual ones, by their KiB.
    public var pages: [Int64: Int64] = [:]
    public var cells: [Cell] = []
    public var threadsPerCore: Int64 = 1
    /// The host's CPUs that are kept for guests with CPUs of their own.
    public var dedicatedCPUs: Set<Int> = []

    public init() {}

    /// Reads what a host has reported; nil from a host that does not say.
    public init?(_ words: [String: String]) {
        guard let kind = words["kind"] else { return nil }
        func set(_ key: String) -> Set<String> { Set((words[key] ?? "").split(separator: ",").map(String.init)) }
        isContainer = kind == "container"
        machine = words["machine"] ?? ""
        machines = set("machines")
        hasUEFI = set("firmware").contains("uefi")
        hasSecureBoot = set("firmware").contains("secure-boot")
        tpmModels = set("tpm_models")
        tpmVersions = set("tpm_versions")
        videoModels = set("video_models")
        diskBuses = set("disk_buses")
        for word in set("pages") {
            let parts = word.split(separator: ":").compactMap { Int64($0) }
            if parts.count == 2 { pages[parts[0]] = parts[1] }
        }
        for word in (words["cells"] ?? "").split(separator: ";") {
            let parts = word.split(separator: ":")
            guard parts.count == 2, let cpus = CPUList.parse(String(parts[0])), let memory = Int64(parts[1]) else {
                continue
            }
            cells.append(Cell(cpus: cpus, memoryMB: memory))
        }
        threadsPerCore = Int64(words["threads"] ?? "") ?? 1
        dedicatedCPUs = CPUList.parse(words["dedicated"] ?? "") ?? []
    }

    /// What ``init(_:)`` reads: a key for each thing that there is.
    public var words: [String: String] {
        var words = ["kind": isContainer ? "container" : "machine"]
        func put(_ key: String, _ value: String) { if !value.isEmpty { words[key] = value } }
        func put(_ key: String, _ set: Set<String>) { put(key, set.sorted().joined(separator: ",")) }
        put("machine", machine)
        put("machines", machines)
        put("firmware", Set((hasUEFI ? ["uefi"] : []) + (hasSecureBoot ? ["secure-boot"] : [])))
        put("tpm_models", tpmModels)
        put("tpm_versions", tpmVersions)
        put("video_models", videoModels)
        put("disk_buses", diskBuses)
        put("pages", pages.sorted { $0.key < $1.key }.map { "\($0.key):\($0.value)" }.joined(separator: ","))
        put("cells", cells.map { "\(CPUList.text($0.cpus)):\($0.memoryMB)" }.joined(separator: ";"))
        if threadsPerCore > 1 { put("threads", String(threadsPerCore)) }
        put("dedicated", CPUList.text(dedicatedCPUs))
        return words
    }

    /// The CPUs for guests without CPUs of their own; nil for all.
    public var sharedCPUs: Set<Int>? {
        guard !dedicatedCPUs.isEmpty else { return nil }
        let shared = cells.reduce(into: Set<Int>()) { $0.formUnion($1.cpus) }.subtracting(dedicatedCPUs)
        return shared.isEmpty ? nil : shared
    }
}
