public import NovaCore
public import NovaWire

/// A disk of a guest that is to go to another host while it runs.
public struct GuestDisk: Record, Equatable {
    /// The file's name in the instance's folder.
    public var name = ""
    /// `raw` or `qcow2`.
    public var format = ""
    /// Bytes that the guest sees.
    public var virtualSize: Int64 = 0
    /// Bytes that the file takes on its host.
    public var allocated: Int64 = 0

    public init() {}
    public init(_ name: String, format: String, virtualSize: Int64, allocated: Int64) {
        self.name = name
        self.format = format
        self.virtualSize = virtualSize
        self.allocated = allocated
    }

    @inlinable
    public mutating func fields<V: FieldVisitor>(_ visitor: inout V) {
        visitor.visit("name", &name)
        visitor.visit("format", &format)
        visitor.visit("virtual_size", &virtualSize)
        visitor.visit("allocated", &allocated)
    }
}

/// What a running guest needs of the host that it goes to, as its host knows it.
public struct GuestNeeds: Record, Equatable {
    /// The driver's name: "libvirt".
    public var driver = ""
    /// `qemu`, `kvm`.
    public var virtType = ""
    public var hypervisorVersion: Int64 = 0
    public var architecture = ""
    /// The machine type as the hypervisor has resolved it: "pc-i440fx-7.2".
    public var machine = ""
    /// The guest's CPU with all its features, in the driver's own words; empty when there is nothing to compare.
    public var cpu = ""
    public var memoryMB: Int64 = 0
    public var disks: [GuestDisk] = []
    /// The name of the cached image that the first disk lies over; empty for none.
    public var base = ""
    public var hasKernel = false
    public var hasRamdisk = false
    /// How the host connects guests: both hosts must do it alike.
    public var network = ""
    /// Where the hypervisors' streams have their sockets: the same place on both hosts.
    public var streams = ""
    /// What its config drive was made of; empty without one.
    public var configDrive = ConfigDriveFiles()

    public init() {}

    @inlinable
    public mutating func fields<V: FieldVisitor>(_ visitor: inout V) {
        visitor.visit("driver", &driver)
        visitor.visit("virt_type", &virtType)
        visitor.visit("hypervisor_version", &hypervisorVersion)
        visitor.visit("architecture", &architecture)
        visitor.visit("machine", &machine)
        visitor.visit("cpu", &cpu)
        visitor.visit("memory_mb", &memoryMB)
        visitor.visit("disks", &disks)
        visitor.visit("base", &base)
        visitor.visit("has_kernel", &hasKernel)
        visitor.visit("has_ramdisk", &hasRamdisk)
        visitor.visit("network", &network)
        visitor.visit("streams", &streams)
        visitor.visit("config_drive", &configDrive)
    }
}

/// What a host has made ready for a guest that comes.
public struct GuestPlace: Record, Equatable {
    /// The id of the compute node, which the guest's mark will name.
    public var hostID = ProviderID.none
    /// The folder with one folder per instance, absolute.
    public var instancesPath = ""
    /// The tap devices by their ports' MAC addresses.
    public var taps: [String: String] = [:]
    /// Where the guest is expected, in the driver's own words.
    public var address = ""

    public init() {}

    @inlinable
    public mutating func fields<V: FieldVisitor>(_ visitor: inout V) {
        visitor.visit("host_id", &hostID)
        visitor.visit("instances_path", &instancesPath)
        visitor.visit("taps", &taps)
        visitor.visit("address", &address)
    }
}

/// Where a guest stands that may have come or gone, as one host's hypervisor says.
public enum GuestPresence: String, WireEnum {
    case absent
    /// It is on its way between two hosts, and runs on neither or not with all of its memory.
    case moving
    case here
}

/// The way for a guest's streams to the host that it goes to.
public struct GuestChannel: Record, Equatable {
    public var address = ""
    public var port: Int64 = 0
    /// SHA-256 of the certificate of the host that listens, hex.
    public var fingerprint = ""
    /// The conductor's signed permission.
    public var grant = Secret("")

    public init() {}

    @inlinable
    public mutating func fields<V: FieldVisitor>(_ visitor: inout V) {
        visitor.visit("address", &address)
        visitor.visit("port", &port)
        visitor.visit("fingerprint", &fingerprint)
        visitor.visit("grant", &grant)
    }
}
