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

    public init() {}
}
