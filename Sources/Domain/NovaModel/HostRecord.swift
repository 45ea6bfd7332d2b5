public import NovaCore
public import NovaWire

/// What a compute host has: reported by it, kept by the conductor, seen by schedulers.
public struct HostResources: Record, Equatable {
    public var host = ""
    /// The hypervisor's own name of the host (`hypervisor_hostname`).
    public var node = ""
    /// The compute node's id, kept on the host: also its resource provider's.
    public var providerID = ProviderID.none
    public var vcpus: Int64 = 0
    public var memoryMB: Int64 = 0
    public var diskGB: Int64 = 0
    public var reservedMemoryMB: Int64 = 0
    public var cpuAllocationRatio: Double = 4
    public var memoryAllocationRatio: Double = 1
    public var diskAllocationRatio: Double = 1
    /// `QEMU`, `fake`.
    public var hypervisorType = ""
    /// libvirt's number: 7002000 is 7.2.0.
    public var hypervisorVersion: Int64 = 0
    public var architecture = "x86_64"
    /// `hvm`, `xen`, `exe`.
    public var vmMode = "hvm"
    public var hostIP = ""
    public var cpuInfo: [String: String] = [:]
    public var availabilityZone = "nova"
    public var runningInstances: Int64 = 0
    /// When the host's kernel started; nil when the host does not say.
    public var bootedAt: Timestamp?
    /// What hardware it can give guests (``HostAbilities``); empty when it does not say.
    public var abilities: [String: String] = [:]

    public init() {}

    @inlinable
    public mutating func fields<V: FieldVisitor>(_ visitor: inout V) {
        visitor.visit("host", &host)
        visitor.visit("node", &node)
        visitor.visit("provider_id", &providerID)
        visitor.visit("vcpus", &vcpus)
        visitor.visit("memory_mb", &memoryMB)
        visitor.visit("disk_gb", &diskGB)
        visitor.visit("reserved_memory_mb", &reservedMemoryMB)
        visitor.visit("cpu_allocation_ratio", &cpuAllocationRatio)
        visitor.visit("memory_allocation_ratio", &memoryAllocationRatio)
        visitor.visit("disk_allocation_ratio", &diskAllocationRatio)
        visitor.visit("hypervisor_type", &hypervisorType)
        visitor.visit("hypervisor_version", &hypervisorVersion)
        visitor.visit("architecture", &architecture)
        visitor.visit("vm_mode", &vmMode)
        visitor.visit("host_ip", &hostIP)
        visitor.visit("cpu_info", &cpuInfo)
        visitor.visit("availability_zone", &availabilityZone)
        visitor.visit("running_instances", &runningInstances)
        visitor.visit("booted_at", &bootedAt)
        visitor.visit("abilities", &abilities)
    }
}

/// A compute host as the conductor keeps it: what it has, and what operators said of it.
public struct HostRecord: Record, Equatable {
    public var resources = HostResources()
    public var isDisabled = false
    public var disabledReason: String?
    public var isForcedDown = false
    public var updatedAt = Timestamp(microseconds: 0)
    /// Why it counts as down, when its fence agent has switched it off.
    public var downReason: String?

    /// What a workflow of the host has in the place of a server's id, so that there is one at a time.
    public var subject: ServerID { ServerID(resources.providerID.uuid) }

    public init() {}

    @inlinable
    public mutating func fields<V: FieldVisitor>(_ visitor: inout V) {
        visitor.visit("resources", &resources)
        visitor.visit("is_disabled", &isDisabled)
        visitor.visit("disabled_reason", &disabledReason)
        visitor.visit("is_forced_down", &isForcedDown)
        visitor.visit("updated_at", &updatedAt)
        visitor.visit("down_reason", &downReason)
    }
}

/// A daemon as `GET /os-services` lists it.
///
/// A conductor writes `updatedAt`, the time of the last report, for all daemons together once per `report_interval`.
public struct ServiceRecord: Record, Equatable {
    public var id = ServiceID.none
    public var sequence: Int64 = 0
    /// The daemon's name, such as `nova-compute`.
    public var binary = ""
    public var host = ""
    public var topic = ""
    public var zone = "internal"
    public var isDisabled = false
    public var disabledReason: String?
    public var isForcedDown = false
    public var createdAt = Timestamp(microseconds: 0)
    public var updatedAt = Timestamp(microseconds: 0)

    public init() {}

    @inlinable
    public mutating func fields<V: FieldVisitor>(_ visitor: inout V) {
        visitor.visit("id", &id)
        visitor.visit("sequence", &sequence)
        visitor.visit("binary", &binary)
        visitor.visit("host", &host)
        visitor.visit("topic", &topic)
        visitor.visit("zone", &zone)
        visitor.visit("is_disabled", &isDisabled)
        visitor.visit("disabled_reason", &disabledReason)
        visitor.visit("is_forced_down", &isForcedDown)
        visitor.visit("created_at", &createdAt)
        visitor.visit("updated_at", &updatedAt)
    }
}
