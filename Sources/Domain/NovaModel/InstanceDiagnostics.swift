public import NovaWire

/// What a hypervisor says of a guest's use of its devices; nil for what it does not tell.
public struct InstanceDiagnostics: Record, Equatable {
    public var powerState = PowerState.noState
    /// One of the Compute API's words: `libvirt`.
    public var driver = "libvirt"
    /// `qemu`, `kvm`, `fake`.
    public var hypervisor: String?
    public var hypervisorOS: String?
    /// Seconds since the guest was started.
    public var uptime: Int64?
    public var cpus: [CPUDiagnostics] = []
    public var nics: [NICDiagnostics] = []
    public var disks: [DiskDiagnostics] = []
    /// MiB.
    public var maximumMemoryMB: Int64?
    public var usedMemoryMB: Int64?

    public init() {}

    @inlinable
    public mutating func fields<V: FieldVisitor>(_ visitor: inout V) {
        visitor.visit("power_state", &powerState)
        visitor.visit("driver", &driver)
        visitor.visit("hypervisor", &hypervisor)
        visitor.visit("hypervisor_os", &hypervisorOS)
        visitor.visit("uptime", &uptime)
        visitor.visit("cpus", &cpus)
        visitor.visit("nics", &nics)
        visitor.visit("disks", &disks)
        visitor.visit("maximum_memory_mb", &maximumMemoryMB)
        visitor.visit("used_memory_mb", &usedMemoryMB)
    }
}

/// One virtual CPU.
public struct CPUDiagnostics: Record, Equatable {
    public var id: Int64 = 0
    /// Nanoseconds.
    public var time: Int64?

    public init() {}
    public init(id: Int64, time: Int64?) {
        self.id = id
        self.time = time
    }

    @inlinable
    public mutating func fields<V: FieldVisitor>(_ visitor: inout V) {
        visitor.visit("id", &id)
        visitor.visit("time", &time)
    }
}

/// One network device.
public struct NICDiagnostics: Record, Equatable {
    /// The host's name of it.
    public var device = ""
    public var mac: String?
    public var received = NICTraffic()
    public var sent = NICTraffic()

    public init() {}

    @inlinable
    public mutating func fields<V: FieldVisitor>(_ visitor: inout V) {
        visitor.visit("device", &device)
        visitor.visit("mac", &mac)
        visitor.visit("received", &received)
        visitor.visit("sent", &sent)
    }
}

/// What went one way through a network device.
public struct NICTraffic: Record, Equatable {
    public var bytes: Int64?
    public var packets: Int64?
    public var errors: Int64?
    public var dropped: Int64?

    public init() {}
    public init(bytes: Int64?, packets: Int64?, errors: Int64?, dropped: Int64?) {
        self.bytes = bytes
        self.packets = packets
        self.errors = errors
        self.dropped = dropped
    }

    @inlinable
    public mutating func fields<V: FieldVisitor>(_ visitor: inout V) {
        visitor.visit("bytes", &bytes)
        visitor.visit("packets", &packets)
        visitor.visit("errors", &errors)
        visitor.visit("dropped", &dropped)
    }
}

/// One disk.
public struct DiskDiagnostics: Record, Equatable {
    /// The guest's name of it: `vda`.
    public var device = ""
    public var readBytes: Int64?
    public var readRequests: Int64?
    public var writtenBytes: Int64?
    public var writeRequests: Int64?
    public var errors: Int64?

    public init() {}

    @inlinable
    public mutating func fields<V: FieldVisitor>(_ visitor: inout V) {
        visitor.visit("device", &device)
        visitor.visit("read_bytes", &readBytes)
        visitor.visit("read_requests", &readRequests)
        visitor.visit("written_bytes", &writtenBytes)
        visitor.visit("write_requests", &writeRequests)
        visitor.visit("errors", &errors)
    }
}
