import NovaModel

/// How a fake host behaves.
public struct FakeDriverOptions: Sendable {
    /// Virtual CPUs that the host claims to have.
    public var vcpus: Int64 = 10_000
    /// Memory in MiB: 8 TiB.
    public var memoryMB: Int64 = 8 << 20
    /// Disk in GiB: 1 PiB.
    public var diskGB: Int64 = 1 << 20
    /// What a spawn takes.
    public var spawnDelay: Duration = .zero
    /// Every n-th spawn fails; 0 for none.
    public var failEvery: Int = 0
    /// What it takes to bring an instance to another host.
    public var migrationTime: Duration = .zero
    /// What it says against instances of other hosts.
    public var refusals: [String] = []
    /// Whether instances are remembered in files, so that they outlive the process.
    public var isPersistent = true

    /// Whether it has UEFI, TPMs, two NUMA nodes, large memory pages and dedicated CPUs to give.
    public var hasHardware = true

    public init() {}

    /// What it can give its instances.
    var abilities: HostAbilities {
        var abilities = HostAbilities()
        abilities.machine = "pc"
        // Some of what it claims to have: lists of thousands of CPUs would be sent with each report.
        let cpus = Int(clamping: max(1, min(64, vcpus)))
        guard hasHardware, cpus > 1 else {
            abilities.cells = [HostAbilities.Cell(cpus: Set(0..<cpus), memoryMB: memoryMB)]
            return abilities
        }
        abilities.hasUEFI = true
        abilities.hasSecureBoot = true
        abilities.tpmModels = ["tpm-tis", "tpm-crb"]
        abilities.tpmVersions = ["1.2", "2.0"]
        abilities.pages = [2048: memoryMB / 2, 1_048_576: memoryMB / 1024]
        abilities.cells = [0..<cpus / 2, cpus / 2..<cpus].map {
            HostAbilities.Cell(cpus: Set($0), memoryMB: memoryMB / 2)
        }
        abilities.dedicatedCPUs = Set(cpus / 2..<cpus)
        return abilities
    }
}
