public import NovaConfig
import NovaModel

/// The options of the compute service.
public enum ComputeOptions {
    public static let driver = Option(
        "DEFAULT", "compute_driver", default: "libvirt.LibvirtDriver",
        help: "The hypervisor driver: libvirt.LibvirtDriver or fake.FakeDriver.")
    public static let plug = Option(
        "compute", "host_plug", default: "",
        help: "How guests are connected: linux or fake; empty takes linux for real guests and fake for fake ones.")
    public static let fabric = Option(
        "compute", "fabric", default: "",
        help: "Device that joins the bridges of several hosts by VXLAN, as [network] fabric on the network's host; "
            + "empty when all guests are on one host.")
    public static let transferAddress = Option(
        "compute", "transfer_address", default: "",
        help: "Address at which other compute hosts fetch disks and send live migrations; empty means my_ip.")
    public static let transferPort = Option(
        "compute", "transfer_port", default: 0,
        help: "Port of the same, for hosts behind a firewall; 0 means any free one.", in: 0...65535)
    public static let cpuRatio = Option(
        "DEFAULT", "cpu_allocation_ratio", default: 4.0, help: "Virtual CPUs offered per host CPU.",
        expected: "a number above 0", accepts: { $0 > 0 })
    public static let memoryRatio = Option(
        "DEFAULT", "ram_allocation_ratio", default: 1.0, help: "Guest memory offered per host memory.",
        expected: "a number above 0", accepts: { $0 > 0 })
    public static let diskRatio = Option(
        "DEFAULT", "disk_allocation_ratio", default: 1.0, help: "Guest disk offered per host disk.",
        expected: "a number above 0", accepts: { $0 > 0 })
    public static let reservedMemory = Option(
        "DEFAULT", "reserved_host_memory_mb", default: 512, help: "MiB of memory kept for the host.", in: 0...Int.max)
    public static let zone = Option(
        "DEFAULT", "default_availability_zone", default: "nova", help: "Availability zone of the host.")
    public static let forceRaw = Option(
        "DEFAULT", "force_raw_images", default: true, help: "Convert cached images to raw: faster guests, more disk.")
    public static let ephemeralFormat = Option(
        "DEFAULT", "default_ephemeral_format", default: "ext4", help: "File system of ephemeral disks, or none.",
        oneOf: ["ext4", "ext3", "ext2", "xfs", "none"])
    public static let builds = Option(
        "DEFAULT", "max_concurrent_builds", default: 10, help: "Builds that prepare disks at the same time.",
        in: 1...1000)
    public static let syncInterval = Option(
        "DEFAULT", "sync_power_state_interval", default: 60, help: "Seconds between full power state reports.",
        in: 5...86400)
    public static let resumesGuests = Option(
        "DEFAULT", "resume_guests_state_on_host_boot", default: false,
        help: "Whether servers that ran when the host went down are started again when nova-compute starts.")
    public static let virtType = Option(
        "libvirt", "virt_type", default: "kvm",
        help: "Kind of guest: kvm, qemu for emulation, or lxc for containers (of trusted users and images only).",
        oneOf: ["kvm", "qemu", "lxc", "test"])
    public static let libvirtURI = Option(
        "libvirt", "connection_uri", default: "", help: "URI of libvirt; empty means qemu:///system, or lxc:///system.")
    public static let cpuModel = Option(
        "libvirt", "cpu_model", default: "none", help: "CPU model of guests; none leaves it to the hypervisor.")
    public static let machine = Option("libvirt", "hw_machine_type", default: "pc", help: "QEMU's machine type.")
    public static let diskCache = Option(
        "libvirt", "disk_cache", default: "",
        help: "QEMU's disk cache mode; empty takes none where the file system can, else writeback.",
        oneOf: ["", "none", "writeback", "writethrough", "directsync", "unsafe"])
    public static let dedicatedCPUs = Option(
        "compute", "cpu_dedicated_set", default: "",
        help: "CPUs of the host that are kept for guests with hw:cpu_policy=dedicated, such as 2-5,^4; empty for none. "
            + "Other guests run on the rest.",
        expected: "a list of CPUs", accepts: { $0.isEmpty || CPUList.parse($0) != nil })
    public static let fakeHardware = Option(
        "fake", "hardware", default: true,
        help: "Whether a fake host has UEFI, TPMs, two NUMA nodes, large memory pages and dedicated CPUs to give.")
    public static let fakeVCPUs = Option(
        "fake", "vcpus", default: 10_000, help: "CPUs of a fake host.", in: 1...1_000_000)
    public static let fakeMemory = Option(
        "fake", "memory_mb", default: 8 << 20, help: "MiB of memory of a fake host.", in: 1...(1 << 40))
    public static let fakeDisk = Option(
        "fake", "disk_gb", default: 1 << 20, help: "GiB of disk of a fake host.", in: 1...(1 << 30))
    public static let fakeDelay = Option(
        "fake", "spawn_delay_ms", default: 0, help: "Milliseconds that a fake spawn takes.", in: 0...3_600_000)
    public static let fakeFailEvery = Option(
        "fake", "fail_every", default: 0, help: "Each n-th fake spawn fails; 0 for none.", in: 0...1_000_000)

    /// All of them.
    public static let all: [any OptionDeclaration] =
        [
            driver, plug, fabric, transferAddress, transferPort, cpuRatio, memoryRatio, diskRatio, reservedMemory, zone,
            forceRaw,
            ephemeralFormat, builds,
            syncInterval, resumesGuests, virtType, libvirtURI, cpuModel, machine, diskCache, dedicatedCPUs,
            fakeVCPUs, fakeMemory, fakeDisk, fakeDelay, fakeFailEvery, fakeHardware,
        ] + LiveMigrationOptions.all
}
