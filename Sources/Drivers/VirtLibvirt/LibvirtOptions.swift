/// How the libvirt driver works.
public struct LibvirtOptions: Sendable, Equatable {
    /// libvirt's connection URI.
    public var uri = "qemu:///system"
    /// `qemu` (emulation), `kvm`, `lxc` (containers), or `test` for libvirt's test driver.
    public var virtType = "qemu"
    /// The guest CPU: `none` leaves the choice to the hypervisor, or a model's name.
    public var cpuModel = "none"
    /// QEMU's machine type.
    public var machine = "pc"
    /// The host's CPUs that are kept for guests with CPUs of their own.
    public var dedicatedCPUs: Set<Int> = []
    /// QEMU's disk cache mode; empty takes `none` where the file system can, else `writeback`.
    public var diskCache = ""
    /// The longest time for one call of libvirt.
    public var callTimeout: Duration = .seconds(60)
    /// The longest time for a start: libvirtd may look at QEMU anew before, which takes minutes on some machines.
    public var startTimeout: Duration = .seconds(240)
    /// How many calls of libvirt run at a time.
    public var threads = 4
    /// The program that takes down what containers print, absolute; empty means `nova-console-log` beside our own.
    public var consoleProgram = ""

    /// The folder of the sockets of live migrations, the same on all hosts.
    ///
    /// Short: paths of sockets have 107 bytes.
    public var streamsPath = "/run/nova"
    /// How many live migrations leave the host at a time.
    public var migrations = 1
    /// MiB a second for a live migration; 0 for as much as there is.
    public var bandwidth = 0
    /// Milliseconds that a guest may stand still at the end of its migration.
    public var maxDowntime = 500
    /// Whether a migration that is forced to its end may go on after its guest has moved.
    public var permitsPostCopy = false
    /// Whether a guest may be slowed down so that its migration ends.
    public var permitsAutoConverge = false

    public init() {}
}
