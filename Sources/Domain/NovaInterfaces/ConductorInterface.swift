public import NovaCore
public import NovaModel
public import NovaRPC
public import NovaWire

/// What conductors answer: the only service that a compute host may call.
///
/// See `proto-spec/rpc/conductor.md`.
public enum ConductorInterface: RPCInterface {
    public static let topic = "conductor"
    public static let methods: [any RPCMethod.Type] = [
        WorkflowReady.self, HostReport.self, PowerReport.self, HostList.self, ServiceHello.self, GrantKeys.self,
        RetryWorkflow.self, AbandonWorkflow.self, RunAudit.self, TellSchedulers.self,
        MigrationReport.self, PlanDrain.self,
    ]
}

/// Wake-up: a workflow waits in the database.
///
/// Losing it costs time, never work.
public struct WorkflowReady: RPCMethod, Equatable {
    public typealias Response = Nothing
    public static let topic = "conductor"
    public static let name = "workflow_ready"
    public static let number: UInt16 = 1
    public static let delivery = RPCDelivery.cast
    public static let isIdempotent = true

    public var workflowID = WorkflowID.none

    public init() {}
    public init(_ workflowID: WorkflowID) { self.workflowID = workflowID }

    @inlinable
    public mutating func fields<V: FieldVisitor>(_ visitor: inout V) { visitor.visit("workflow_id", &workflowID) }
}

/// A compute host tells what it has, at its start, on change and from time to time.
public struct HostReport: RPCMethod, Equatable {
    public typealias Response = Nothing
    public static let topic = "conductor"
    public static let name = "host_report"
    public static let number: UInt16 = 2
    public static let isIdempotent = true
    public static let isBackground = true

    public var resources = HostResources()

    public init() {}
    public init(_ resources: HostResources) { self.resources = resources }

    @inlinable
    public mutating func fields<V: FieldVisitor>(_ visitor: inout V) { visitor.visit("resources", &resources) }
}

/// One instance's power state, as the hypervisor says.
public struct InstancePower: Record, Equatable {
    public var serverID = ServerID.none
    public var powerState = PowerState.noState
    /// Which state of the server this contradicts, as a former answer's `doubted` said; the zero time for none.
    public var version = Self.none

    /// Contradicts whatever the server's state is.
    public static let none = Timestamp(microseconds: 0)

    public init() {}
    public init(_ serverID: ServerID, _ powerState: PowerState, version: Timestamp = Self.none) {
        self.serverID = serverID
        self.powerState = powerState
        self.version = version
    }

    @inlinable
    public mutating func fields<V: FieldVisitor>(_ visitor: inout V) {
        visitor.visit("server_id", &serverID)
        visitor.visit("power_state", &powerState)
        visitor.visit("version", &version)
    }
}

/// Power states that changed (`isComplete` false) or all instances of the host (true, the periodic sync).
///
/// The answer names instances that the host has and should not have.
public struct PowerReport: RPCMethod, Equatable {
    public static let topic = "conductor"
    public static let name = "power_report"
    public static let number: UInt16 = 3
    public static let isIdempotent = true
    public static let isBackground = true

    public struct Response: Record, Equatable {
        /// Of servers that are deleted or came to no host: the host may remove them.
        public var unknown: [ServerID] = []
        /// Ports of instances that belong on the host: taps of others are orphans.
        public var ports: [PortID] = []
        /// Instances that should be on the host and were not in a complete report.
        public var missing: [ServerVersion] = []
        /// Whether the report has instances of servers without a row: their ports are not among `ports`.
        public var hasStrangers = false
        /// Instances of a complete report whose servers are in another power state: the report may be older than an action
        /// that has ended meanwhile, so the host looks once more.
        public var doubted: [ServerVersion] = []
        public init() {}
        @inlinable
        public mutating func fields<V: FieldVisitor>(_ visitor: inout V) {
            visitor.visit("unknown", &unknown)
            visitor.visit("ports", &ports)
            visitor.visit("missing", &missing)
            visitor.visit("has_strangers", &hasStrangers)
            visitor.visit("doubted", &doubted)
        }
    }

    public var host = ""
    public var isComplete = false
    public var instances: [InstancePower] = []
    /// Instances of a former answer's `missing` that are really not there.
    public var gone: [ServerVersion] = []
    /// Whether the host minds `doubted`; one of an older release is believed at once.
    public var looksAgain = false
    /// Whether servers that should run are to be started again rather than called stopped: the host has just started.
    public var resumesGuests = false

    public init() {}
    public init(host: String, isComplete: Bool, instances: [InstancePower], gone: [ServerVersion] = []) {
        self.host = host
        self.isComplete = isComplete
        self.instances = instances
        self.gone = gone
        looksAgain = true
    }

    @inlinable
    public mutating func fields<V: FieldVisitor>(_ visitor: inout V) {
        visitor.visit("host", &host)
        visitor.visit("is_complete", &isComplete)
        visitor.visit("instances", &instances)
        visitor.visit("gone", &gone)
        visitor.visit("looks_again", &looksAgain)
        visitor.visit("resumes_guests", &resumesGuests)
    }
}

/// An instance about which host and conductor differ, and of which state of its server that was said.
///
/// The host looks once more and sends it back: the conductor believes it unless the server has changed meanwhile.
public struct ServerVersion: Record, Hashable {
    public var serverID = ServerID.none
    public var version = Timestamp(microseconds: 0)

    public init() {}
    public init(_ serverID: ServerID, version: Timestamp) {
        self.serverID = serverID
        self.version = version
    }

    @inlinable
    public mutating func fields<V: FieldVisitor>(_ visitor: inout V) {
        visitor.visit("server_id", &serverID)
        visitor.visit("version", &version)
    }
}

/// All compute hosts, for a scheduler that starts or missed a fanout.
public struct HostList: RPCMethod, Equatable {
    public static let topic = "conductor"
    public static let name = "host_list"
    public static let number: UInt16 = 4
    public static let isIdempotent = true

    public struct Response: Record, Equatable {
        public var hosts: [HostRecord] = []
        public var aggregates: [Aggregate] = []
        public init() {}
        @inlinable
        public mutating func fields<V: FieldVisitor>(_ visitor: inout V) {
            visitor.visit("hosts", &hosts)
            visitor.visit("aggregates", &aggregates)
        }
    }

    public init() {}
    @inlinable
    public mutating func fields<V: FieldVisitor>(_ visitor: inout V) {}
}

/// A daemon says that it lives, at its start and then every `report_interval`.
///
/// Compute hosts need it at their start only: each report of the host says so too.
public struct ServiceHello: RPCMethod, Equatable {
    public typealias Response = Nothing
    public static let topic = "conductor"
    public static let name = "service_hello"
    public static let number: UInt16 = 5
    public static let isIdempotent = true
    public static let isBackground = true

    public var binary = ""
    public var host = ""
    public var topic = ""

    public init() {}
    public init(binary: String, host: String, topic: String) {
        self.binary = binary
        self.host = host
        self.topic = topic
    }

    @inlinable
    public mutating func fields<V: FieldVisitor>(_ visitor: inout V) {
        visitor.visit("binary", &binary)
        visitor.visit("host", &host)
        visitor.visit("topic", &topic)
    }
}

/// The public keys that verify grants, current and former.
public struct GrantKeys: RPCMethod, Equatable {
    public static let topic = "conductor"
    public static let name = "grant_keys"
    public static let number: UInt16 = 6
    public static let isIdempotent = true

    public struct Response: Record, Equatable {
        public var keys: [PublicKeyRecord] = []
        public init() {}
        @inlinable
        public mutating func fields<V: FieldVisitor>(_ visitor: inout V) { visitor.visit("keys", &keys) }
    }

    public init() {}
    @inlinable
    public mutating func fields<V: FieldVisitor>(_ visitor: inout V) {}
}

/// nova-api has changed hosts or aggregates in the database: the conductor tells all schedulers (``HostsOutdated``).
public struct TellSchedulers: RPCMethod, Equatable {
    public typealias Response = Nothing
    public static let topic = "conductor"
    public static let name = "tell_schedulers"
    public static let number: UInt16 = 10
    public static let since: UInt16 = 1
    public static let isIdempotent = true

    public init() {}

    @inlinable
    public mutating func fields<V: FieldVisitor>(_ visitor: inout V) {}
}

/// An operator wants a workflow that waits to be tried now.
///
/// - Throws: ``NovaError`` `notFound`; `conflict` for one that has ended.
public struct RetryWorkflow: RPCMethod, Equatable {
    public typealias Response = Nothing
    public static let topic = "conductor"
    public static let name = "retry_workflow"
    public static let number: UInt16 = 7
    public static let since: UInt16 = 1
    public static let isIdempotent = true

    public var workflowID = WorkflowID.none

    public init() {}
    public init(_ workflowID: WorkflowID) { self.workflowID = workflowID }

    @inlinable
    public mutating func fields<V: FieldVisitor>(_ visitor: inout V) { visitor.visit("workflow_id", &workflowID) }
}

/// An operator gives up what a host still owes: its allocation and ports are released, the reason goes into the journal.
///
/// - Throws: ``NovaError`` `notFound`; `conflict` for a workflow that owes no cleanup.
public struct AbandonWorkflow: RPCMethod, Equatable {
    public typealias Response = Nothing
    public static let topic = "conductor"
    public static let name = "abandon_workflow"
    public static let number: UInt16 = 8
    public static let since: UInt16 = 1
    public static let isIdempotent = true

    public var workflowID = WorkflowID.none
    public var reason = ""

    public init() {}
    public init(_ workflowID: WorkflowID, reason: String) {
        self.workflowID = workflowID
        self.reason = reason
    }

    @inlinable
    public mutating func fields<V: FieldVisitor>(_ visitor: inout V) {
        visitor.visit("workflow_id", &workflowID)
        visitor.visit("reason", &reason)
    }
}

/// An Ed25519 public key with its name.
public struct PublicKeyRecord: Record, Equatable {
    public var keyID = ""
    /// 32 bytes (RFC 8032).
    public var publicKey = Blob()

    public init() {}
    public init(keyID: String, publicKey: [UInt8]) {
        self.keyID = keyID
        self.publicKey = Blob(publicKey)
    }

    @inlinable
    public mutating func fields<V: FieldVisitor>(_ visitor: inout V) {
        visitor.visit("key_id", &keyID)
        visitor.visit("public_key", &publicKey)
    }
}
