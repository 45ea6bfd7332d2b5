public import Logging
import NovaConfig
import NovaCore
import NovaModel
public import NetworkDriver
import NovaService
public import VirtDriver

/// What a driver's factory gets: plain values, so that an executable needs no more than the driver and this.
public struct ComputeDriverSettings: Sendable {
    /// The `[libvirt]` options.
    public struct Libvirt: Sendable {
        public var uri: String
        public var virtType: String
        public var cpuModel: String
        public var machine: String
        public var diskCache: String
        public var dedicatedCPUs: Set<Int>
        public var streamsPath: String
        public var migrations: Int
        public var bandwidth: Int
        public var maxDowntime: Int
        public var permitsPostCopy: Bool
        public var permitsAutoConverge: Bool
    }
    /// The `[fake]` options.
    public struct Fake: Sendable {
        public var vcpus: Int64
        public var memoryMB: Int64
        public var diskGB: Int64
        public var spawnDelay: Duration
        public var failEvery: Int
        public var migrationTime: Duration
        public var hasHardware: Bool
    }

    public var context: VirtDriverContext
    /// `[DEFAULT] host`.
    public var host: String
    public var statePath: String
    public var marks: HostMarks
    /// `[compute] fabric`; nil when all guests are on one host.
    public var fabric: String?
    public var libvirt: Libvirt
    public var fake: Fake
    public var log: Logger

    init(_ service: ServiceContext, hostID: ProviderID) {
        let config = service.config
        context = VirtDriverContext(
            cloudID: service.cloudID, hostID: hostID, instancesPath: service.instancesPath)
        host = service.host
        statePath = service.statePath
        marks = HostMarks(cloudID: service.cloudID, host: service.host)
        let device = config[ComputeOptions.fabric]
        fabric = device.isEmpty ? nil : device
        let uri = config[ComputeOptions.libvirtURI]
        let virtType = config[ComputeOptions.virtType]
        let usual = ["test": "test:///default", "lxc": "lxc:///system"][virtType] ?? "qemu:///system"
        libvirt = Libvirt(
            uri: uri.isEmpty ? usual : uri, virtType: virtType,
            cpuModel: config[ComputeOptions.cpuModel], machine: config[ComputeOptions.machine],
            diskCache: config[ComputeOptions.diskCache],
            dedicatedCPUs: CPUList.parse(config[ComputeOptions.dedicatedCPUs]) ?? [],
            streamsPath: config[LiveMigrationOptions.sockets],
            migrations: config[LiveMigrationOptions.concurrent], bandwidth: config[LiveMigrationOptions.bandwidth],
            maxDowntime: config[LiveMigrationOptions.downtime],
            permitsPostCopy: config[LiveMigrationOptions.permitsPostCopy],
            permitsAutoConverge: config[LiveMigrationOptions.permitsAutoConverge])
        fake = Fake(
            vcpus: Int64(config[ComputeOptions.fakeVCPUs]), memoryMB: Int64(config[ComputeOptions.fakeMemory]),
            diskGB: Int64(config[ComputeOptions.fakeDisk]),
            spawnDelay: .milliseconds(config[ComputeOptions.fakeDelay]),
            failEvery: config[ComputeOptions.fakeFailEvery],
            migrationTime: .milliseconds(config[LiveMigrationOptions.fakeTime]),
            hasHardware: config[ComputeOptions.fakeHardware])
        log = service.log
    }
}

/// A hypervisor driver that an executable offers.
public struct VirtDriverFactory: Sendable {
    /// The value of `[DEFAULT] compute_driver` that chooses it.
    public let name: String
    public let make: @Sendable (ComputeDriverSettings) async throws -> any VirtDriver

    public init(_ name: String, make: @escaping @Sendable (ComputeDriverSettings) async throws -> any VirtDriver) {
        self.name = name
        self.make = make
    }
}

/// A way to connect guests that an executable offers.
public struct HostPlugFactory: Sendable {
    /// The value of `[compute] host_plug` that chooses it: "linux", "fake".
    public let name: String
    public let make: @Sendable (ComputeDriverSettings) async throws -> any HostPlug

    public init(_ name: String, make: @escaping @Sendable (ComputeDriverSettings) async throws -> any HostPlug) {
        self.name = name
        self.make = make
    }
}
