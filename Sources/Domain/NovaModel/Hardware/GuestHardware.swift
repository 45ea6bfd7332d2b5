/// What a guest's hardware is, as its flavor's extra specs and its image's properties say (``HardwareRules``).
///
/// What nobody asked for has the value that a guest has without being asked.
public struct GuestHardware: Sendable, Equatable {
    /// The scheduler's filter that leaves out hosts without the abilities.
    public static let filterName = "GuestHardwareFilter"

    /// How virtual CPUs are arranged.
    public struct Topology: Sendable, Equatable {
        public var sockets: Int64
        public var cores: Int64
        public var threads: Int64

        public init(sockets: Int64, cores: Int64, threads: Int64) {
            self.sockets = sockets
            self.cores = cores
            self.threads = threads
        }
    }

    /// Which sibling threads dedicated CPUs may be.
    public enum ThreadPolicy: String, Sendable {
        case prefer
        case isolate
        case require
    }

    /// A NUMA node of the guest.
    public struct Cell: Sendable, Equatable {
        public var cpus: Set<Int>
        public var memoryMB: Int64
        /// The host's node that it lies on; nil while no host is known.
        public var hostCell: Int?

        public init(cpus: Set<Int>, memoryMB: Int64, hostCell: Int? = nil) {
            self.cpus = cpus
            self.memoryMB = memoryMB
            self.hostCell = hostCell
        }
    }

    /// A virtual trusted platform module.
    public struct TPM: Sendable, Equatable {
        public var version: String
        public var model: String

        public init(version: String, model: String) {
            self.version = version
            self.model = model
        }
    }

    /// How much a guest may take from its source of random numbers.
    public struct RandomRate: Sendable, Equatable {
        public var bytes: Int64
        /// Milliseconds.
        public var period: Int64

        public init(bytes: Int64, period: Int64) {
            self.bytes = bytes
            self.period = period
        }
    }

    /// nil leaves it to the hypervisor.
    public var topology: Topology?
    /// Whether each virtual CPU has a CPU of the host for itself.
    public var isDedicated = false
    public var threadPolicy = ThreadPolicy.prefer
    public var cells: [Cell] = []
    /// The size of the host's memory pages under the guest's; nil for the usual ones.
    public var pageKiB: Int64?
    /// What happens when the guest's watchdog is not fed; nil for no watchdog.
    public var watchdog: String?
    public var hasRandomSource = true
    public var randomRate: RandomRate?
    /// nil takes the host's usual one.
    public var machine: String?
    public var isUEFI = false
    public var hasSecureBoot = false
    public var tpm: TPM?
    public var video: String?
    public var videoKiB: Int64?
    public var diskBus = "virtio"
    public var cdromBus: String?
    public var scsiModel: String?
    public var interfaceModel = "virtio"
    public var hasTablet = true
    public var hasBootMenu = false
    public var serialPorts: Int64 = 1
    /// Pairs of queues of each network device.
    public var queues: Int64 = 1
    public var hasAgent = false
    public var hidesHypervisor = false

    /// A guest of which nothing is asked.
    public init() {}
}

/// Why a guest's hardware cannot be as its flavor and image say.
public struct HardwareConflict: Sendable, Equatable {
    /// The extra spec or property.
    public var key: String
    public var reason: String
    /// What helps.
    public var nextStep: String
    /// Whether another host may be able to.
    public var isHosts: Bool

    public init(_ key: String, _ reason: String, _ nextStep: String, isHosts: Bool = false) {
        self.key = key
        self.reason = reason
        self.nextStep = nextStep
        self.isHosts = isHosts
    }

    public var text: String { "\(key): \(reason); \(nextStep)" }
}
