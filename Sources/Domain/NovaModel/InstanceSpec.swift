public import NovaCore
public import NovaWire

/// All that a compute host needs to make an instance; it holds no token and nothing of other servers.
public struct InstanceSpec: Record, Equatable {
    public var id = ServerID.none
    public var sequence: Int64 = 0
    public var name = ""
    public var hostname = ""
    public var projectID = ProjectID("")
    public var userID = UserID("")
    public var flavor = Flavor()
    public var network = NetworkInfo()
    /// The image of the root disk; nil only for servers without an image.
    public var image: GrantedImage?
    public var kernel: GrantedImage?
    public var ramdisk: GrantedImage?
    public var metadata: [String: String] = [:]
    /// What the image said when the server was made: it outlives the image, and is not that of a rescue.
    public var imageProperties: [String: String] = [:]
    /// Set for a server with a config drive.
    public var configDrive: ConfigDriveFacts?
    /// The disks that its user asked for; where nothing is said they are the flavor's.
    public var localDisks: [LocalDisk] = []

    public init() {}

    @inlinable
    public mutating func fields<V: FieldVisitor>(_ visitor: inout V) {
        visitor.visit("id", &id)
        visitor.visit("sequence", &sequence)
        visitor.visit("name", &name)
        visitor.visit("hostname", &hostname)
        visitor.visit("project_id", &projectID)
        visitor.visit("user_id", &userID)
        visitor.visit("flavor", &flavor)
        visitor.visit("network", &network)
        visitor.visit("image", &image)
        visitor.visit("kernel", &kernel)
        visitor.visit("ramdisk", &ramdisk)
        visitor.visit("metadata", &metadata)
        visitor.visit("image_properties", &imageProperties)
        visitor.visit("config_drive", &configDrive)
        visitor.visit("local_disks", &localDisks)
    }

    /// Its disks in the order in which the guest finds them.
    public var disks: [LocalDisk] { LocalDisk.all(localDisks, flavor) }

    /// The properties that say what hardware the guest has.
    public var hardwareProperties: [String: String] {
        imageProperties.isEmpty ? image?.image.properties ?? [:] : imageProperties
    }
}

/// Marks an RPC as part of one attempt at one step: a compute host refuses lower epochs of the same workflow and
/// answers a repeated step with its old outcome (`design/architecture.md` 5).
public struct Fence: Record, Hashable {
    public var workflow = WorkflowID.none
    /// The position of the step in its workflow.
    public var step: Int64 = 0
    /// Grows each time the workflow changes its owner.
    public var epoch: Int64 = 0
    /// When the workflow was accepted, each of a server's later than those before it; 0 from older releases.
    public var acceptedAt = Timestamp(microseconds: 0)

    public init() {}
    public init(workflow: WorkflowID, step: Int64, epoch: Int64, acceptedAt: Timestamp = Timestamp(microseconds: 0)) {
        self.workflow = workflow
        self.step = step
        self.epoch = epoch
        self.acceptedAt = acceptedAt
    }

    @inlinable
    public mutating func fields<V: FieldVisitor>(_ visitor: inout V) {
        visitor.visit("workflow", &workflow)
        visitor.visit("step", &step)
        visitor.visit("epoch", &epoch)
        visitor.visit("accepted_at", &acceptedAt)
    }
}
