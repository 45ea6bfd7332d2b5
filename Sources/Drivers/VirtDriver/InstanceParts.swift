public import NovaModel

/// What the compute service has made on the host for an instance, ready to be put together by a driver.
public struct InstanceParts: Sendable, Equatable {
    /// The instance's own folder, absolute.
    public var folder: String
    /// In the order of their device names.
    public var disks: [DiskFile]
    /// A kernel to boot directly, with its ramdisk; nil boots from the first disk.
    public var kernelPath: String?
    public var ramdiskPath: String?
    public var interfaces: [PluggedPort]

    public init(
        folder: String, disks: [DiskFile] = [], kernelPath: String? = nil, ramdiskPath: String? = nil,
        interfaces: [PluggedPort] = []
    ) {
        self.folder = folder
        self.disks = disks
        self.kernelPath = kernelPath
        self.ramdiskPath = ramdiskPath
        self.interfaces = interfaces
    }

    /// The file that collects what the guest prints.
    public var consolePath: String { "\(folder)/console.log" }
    /// What a guest has printed on the hosts from which it came while it ran.
    public var consoleHistoryPath: String { "\(folder)/console.before" }
    /// Where virtlogd puts what it has taken down when the file is full, the newest first.
    public var consoleBackupPaths: [String] { (0..<3).map { "\(consolePath).\($0)" } }
    /// The files with the end of what a guest has printed, in their order.
    public var consoleTailPaths: [String] { [consoleHistoryPath, consoleBackupPaths[0], consolePath] }
}

/// How the compute service makes the parts of a driver's instances.
public struct PartsForm: Sendable, Equatable {
    /// `qcow2` lies over the cached image; `raw` is a whole copy of it, for those that know no other.
    public var rootDisk: DiskFile.Format
    /// Whether the hypervisor opens a tap of ours for each port; else it makes a device in the network's bridge itself.
    public var opensTaps: Bool

    /// - Parameters: those of a virtual machine by default.
    public init(rootDisk: DiskFile.Format = .qcow2, opensTaps: Bool = true) {
        self.rootDisk = rootDisk
        self.opensTaps = opensTaps
    }
}

/// A file that a guest sees as a disk.
public struct DiskFile: Sendable, Equatable {
    public enum Format: String, Sendable {
        case raw
        case qcow2
    }
    /// Absolute.
    public var path: String
    public var format: Format
    /// Whether the guest sees a cdrom that nobody writes to.
    public var isCDROM = false
    /// nil takes the guest's usual one.
    public var bus: String?
    /// The place among the disks that the guest tries to boot from; nil on all leaves it to their order.
    public var bootOrder: Int?

    public init(path: String, format: Format) {
        self.path = path
        self.format = format
    }
}

/// A port with the name of its device on the host.
public struct PluggedPort: Sendable, Equatable {
    public var port: PortBinding
    /// A tap that is there, or the name that the hypervisor shall give its own device (``PartsForm/opensTaps``).
    public var tap: String

    public init(_ port: PortBinding, tap: String) {
        self.port = port
        self.tap = tap
    }
}
