import NetworkFake
import NetworkLinux
public import NovaCompute
import VirtFake
import VirtLibvirt

/// The drivers that executables with nova-compute are linked with.
public enum ComputeDrivers {
    /// What `[DEFAULT] compute_driver` may name.
    public static let virt = [libvirt, fake]

    /// What `[compute] host_plug` may name.
    public static let plugs = [
        HostPlugFactory("linux") { LinuxHostPlug(marks: $0.marks, fabric: $0.fabric) },
        HostPlugFactory("fake") { _ in FakeHostPlug() },
    ]

    private static let libvirt = VirtDriverFactory("libvirt.LibvirtDriver") { settings in
        var options = LibvirtOptions()
        options.uri = settings.libvirt.uri
        options.virtType = settings.libvirt.virtType
        options.cpuModel = settings.libvirt.cpuModel
        options.machine = settings.libvirt.machine
        options.diskCache = settings.libvirt.diskCache
        options.dedicatedCPUs = settings.libvirt.dedicatedCPUs
        options.streamsPath = settings.libvirt.streamsPath
        options.migrations = settings.libvirt.migrations
        options.bandwidth = settings.libvirt.bandwidth
        options.maxDowntime = settings.libvirt.maxDowntime
        options.permitsPostCopy = settings.libvirt.permitsPostCopy
        options.permitsAutoConverge = settings.libvirt.permitsAutoConverge
        return LibvirtDrivers.make(settings.context, options: options, log: settings.log)
    }

    private static let fake = VirtDriverFactory("fake.FakeDriver") { settings in
        var options = FakeDriverOptions()
        options.vcpus = settings.fake.vcpus
        options.memoryMB = settings.fake.memoryMB
        options.diskGB = settings.fake.diskGB
        options.spawnDelay = settings.fake.spawnDelay
        options.failEvery = settings.fake.failEvery
        options.migrationTime = settings.fake.migrationTime
        options.hasHardware = settings.fake.hasHardware
        return try FakeDriver(settings.context, options: options)
    }
}
