public import NovaCore
public import NovaWire

/// A server as the nova database keeps it.
public struct ServerRecord: Record, Equatable {
    public var id = ServerID.none
    /// Never reused; names the domain (`instance-%08x`) and, later, EC2 ids.
    ///
    /// The store assigns it.
    public var sequence: Int64 = 0
    public var projectID = ProjectID("")
    public var userID = UserID("")
    public var name = ""
    public var hostname = ""
    public var text: String?
    public var vmState = VMState.building
    public var taskState: TaskState?
    public var powerState = PowerState.noState
    public var progress: Int64 = 0
    public var flavor = Flavor()
    public var imageID: ImageID?
    public var keyName: String?
    public var keyData: String?
    public var userData: String?
    public var metadata: [String: String] = [:]
    public var securityGroups: [String] = []
    public var availabilityZone: String?
    public var host: String?
    public var node: String?
    public var providerID: ProviderID?
    public var hasConfigDrive = false
    public var isLocked = false
    public var reservationID = ""
    public var launchIndex: Int64 = 0
    public var tags: [String] = []
    /// What the network service answered last: a cache, so that a list never asks another service.
    public var network = NetworkInfo()
    public var requestedNetworks: [RequestedNetwork] = []
    public var fault: ServerFault?
    public var createdAt = Timestamp(microseconds: 0)
    public var updatedAt = Timestamp(microseconds: 0)
    public var launchedAt: Timestamp?
    public var terminatedAt: Timestamp?
    public var isDeleted = false
    public var deletedAt: Timestamp?
    /// `owner` or `admin`, while it is locked.
    public var lockedBy: String?
    public var lockedReason: String?
    public var accessIPv4: String?
    public var accessIPv6: String?
    /// Whether the user asked for `OS-DCF:diskConfig` AUTO.
    public var hasAutoDiskConfig = false
    /// What the user told the scheduler, as the JSON text of the request's object.
    public var schedulerHints: String?
    public var serverGroupID: ServerGroupID?
    /// The properties of its image at the time it was made, nil for a server from before they were kept.
    public var imageProperties: ServerImageProperties?
    /// Set while it is shelved.
    public var shelved: ShelvedServer?
    /// The disks that its user asked for; nil for those of the flavor.
    public var localDisks: ServerLocalDisks?

    public init() {}

    @inlinable
    public mutating func fields<V: FieldVisitor>(_ visitor: inout V) {
        visitor.visit("id", &id)
        visitor.visit("sequence", &sequence)
        visitor.visit("project_id", &projectID)
        visitor.visit("user_id", &userID)
        visitor.visit("name", &name)
        visitor.visit("hostname", &hostname)
        visitor.visit("description", &text)
        visitor.visit("vm_state", &vmState)
        visitor.visit("task_state", &taskState)
        visitor.visit("power_state", &powerState)
        visitor.visit("progress", &progress)
        visitor.visit("flavor", &flavor)
        visitor.visit("image_id", &imageID)
        visitor.visit("key_name", &keyName)
        visitor.visit("key_data", &keyData)
        visitor.visit("user_data", &userData)
        visitor.visit("metadata", &metadata)
        visitor.visit("security_groups", &securityGroups)
        visitor.visit("availability_zone", &availabilityZone)
        visitor.visit("host", &host)
        visitor.visit("node", &node)
        visitor.visit("provider_id", &providerID)
        visitor.visit("has_config_drive", &hasConfigDrive)
        visitor.visit("is_locked", &isLocked)
        visitor.visit("reservation_id", &reservationID)
        visitor.visit("launch_index", &launchIndex)
        visitor.visit("tags", &tags)
        visitor.visit("network", &network)
        visitor.visit("requested_networks", &requestedNetworks)
        visitor.visit("fault", &fault)
        visitor.visit("created_at", &createdAt)
        visitor.visit("updated_at", &updatedAt)
        visitor.visit("launched_at", &launchedAt)
        visitor.visit("terminated_at", &terminatedAt)
        visitor.visit("is_deleted", &isDeleted)
        visitor.visit("deleted_at", &deletedAt)
        visitor.visit("locked_by", &lockedBy)
        visitor.visit("locked_reason", &lockedReason)
        visitor.visit("access_ip_v4", &accessIPv4)
        visitor.visit("access_ip_v6", &accessIPv6)
        visitor.visit("auto_disk_config", &hasAutoDiskConfig)
        visitor.visit("scheduler_hints", &schedulerHints)
        visitor.visit("server_group_id", &serverGroupID)
        visitor.visit("image_properties", &imageProperties)
        visitor.visit("shelved", &shelved)
        visitor.visit("local_disks", &localDisks)
    }
}

/// What an image says of the servers made from it.
public struct ServerImageProperties: Record, Equatable {
    public var properties: [String: String] = [:]

    public init() {}
    public init(_ properties: [String: String]) { self.properties = properties }

    @inlinable
    public mutating func fields<V: FieldVisitor>(_ visitor: inout V) { visitor.visit("properties", &properties) }
}

/// Why a server is in ERROR, as its `fault` shows it.
public struct ServerFault: Record, Equatable {
    /// An HTTP status: 500 hides the details from users.
    public var code: Int64 = 500
    public var message = ""
    public var details = ""
    public var host = ""
    public var createdAt = Timestamp(microseconds: 0)

    public init() {}
    public init(_ error: NovaError, host: String = "", at time: Timestamp = .now()) {
        code = 500
        message = error.message
        details = error.details
        self.host = host
        createdAt = time
    }

    @inlinable
    public mutating func fields<V: FieldVisitor>(_ visitor: inout V) {
        visitor.visit("code", &code)
        visitor.visit("message", &message)
        visitor.visit("details", &details)
        visitor.visit("host", &host)
        visitor.visit("created_at", &createdAt)
    }
}
