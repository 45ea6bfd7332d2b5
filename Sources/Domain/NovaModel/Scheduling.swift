public import NovaCore
public import NovaWire

/// What the scheduler is asked: a host for one server.
public struct SchedulingRequest: Record, Equatable {
    public var serverID = ServerID.none
    public var projectID = ProjectID("")
    public var userID = UserID("")
    public var flavor = Flavor()
    public var image: ImageReference?
    public var availabilityZone: String?
    /// Only this host, when an administrator named one.
    public var forcedHost: String?
    /// Hosts that were tried and failed.
    public var ignoredHosts: [String] = []
    public var hints: [String: String] = [:]
    /// The server's group with the hosts of its other members.
    public var group: SchedulingGroup?
    /// The hosts of the servers that the hint `same_host` names, nil without the hint.
    public var sameHosts: SchedulingHosts?
    /// The hosts of the servers that the hint `different_host` names, nil without the hint.
    public var differentHosts: SchedulingHosts?
    /// The host that an administrator asked for, when it must pass the filters too.
    public var requestedHost: String?

    public init() {}

    @inlinable
    public mutating func fields<V: FieldVisitor>(_ visitor: inout V) {
        visitor.visit("server_id", &serverID)
        visitor.visit("project_id", &projectID)
        visitor.visit("user_id", &userID)
        visitor.visit("flavor", &flavor)
        visitor.visit("image", &image)
        visitor.visit("availability_zone", &availabilityZone)
        visitor.visit("forced_host", &forcedHost)
        visitor.visit("ignored_hosts", &ignoredHosts)
        visitor.visit("hints", &hints)
        visitor.visit("group", &group)
        visitor.visit("same_hosts", &sameHosts)
        visitor.visit("different_hosts", &differentHosts)
        visitor.visit("requested_host", &requestedHost)
    }
}

/// The names of some hosts.
public struct SchedulingHosts: Record, Equatable {
    public var names: [String] = []

    public init() {}
    public init(_ names: [String]) { self.names = names }

    @inlinable
    public mutating func fields<V: FieldVisitor>(_ visitor: inout V) { visitor.visit("names", &names) }
}

/// A server's group as the scheduler needs it.
public struct SchedulingGroup: Record, Equatable {
    public var policy = ServerGroup.Policy.affinity
    /// The most members on one host, for `anti-affinity`.
    public var limitPerHost: Int64 = 1
    /// The host of each other member that has one; a host stands there once per member.
    public var memberHosts: [String] = []
    public var id = ServerGroupID.none

    public init() {}
    public init(_ group: ServerGroup, memberHosts: [String]) {
        id = group.id
        policy = group.policy
        limitPerHost = group.limitPerHost
        self.memberHosts = memberHosts
    }

    @inlinable
    public mutating func fields<V: FieldVisitor>(_ visitor: inout V) {
        visitor.visit("policy", &policy)
        visitor.visit("limit_per_host", &limitPerHost)
        visitor.visit("member_hosts", &memberHosts)
        visitor.visit("id", &id)
    }

    /// How many other members live on a host.
    public func members(on host: String) -> Int64 { Int64(memberHosts.count { $0 == host }) }

    /// Whether the policy lets one more member live on a host; soft policies always do.
    public func allows(_ host: String) -> Bool {
        switch policy {
        case .affinity: memberHosts.isEmpty || memberHosts.contains(host)
        case .antiAffinity: members(on: host) < limitPerHost
        case .softAffinity, .softAntiAffinity: true
        }
    }
}

/// A host that was chosen, or would be next.
public struct Selection: Record, Equatable {
    public var host = ""
    public var node = ""
    public var providerID = ProviderID.none

    public init() {}

    @inlinable
    public mutating func fields<V: FieldVisitor>(_ visitor: inout V) {
        visitor.visit("host", &host)
        visitor.visit("node", &node)
        visitor.visit("provider_id", &providerID)
    }
}

/// Why a decision fell as it did; kept for each, shown by `novactl server why`.
public struct SchedulingExplanation: Record, Equatable {
    /// One filter's work.
    public struct Elimination: Record, Equatable {
        public var filter = ""
        public var hostsBefore: Int64 = 0
        public var hostsAfter: Int64 = 0
        /// Up to 20 hosts with the reason each was taken out.
        public var removed: [String: String] = [:]

        public init() {}

        @inlinable
        public mutating func fields<V: FieldVisitor>(_ visitor: inout V) {
            visitor.visit("filter", &filter)
            visitor.visit("hosts_before", &hostsBefore)
            visitor.visit("hosts_after", &hostsAfter)
            visitor.visit("removed", &removed)
        }
    }

    /// One host's weight, best first, up to 20.
    public struct Weighing: Record, Equatable {
        public var host = ""
        public var weight: Double = 0
        /// Each weigher's share, already multiplied, as text.
        public var parts: [String: String] = [:]

        public init() {}

        @inlinable
        public mutating func fields<V: FieldVisitor>(_ visitor: inout V) {
            visitor.visit("host", &host)
            visitor.visit("weight", &weight)
            visitor.visit("parts", &parts)
        }
    }

    public var hostsConsidered: Int64 = 0
    public var eliminations: [Elimination] = []
    public var weights: [Weighing] = []
    public var chosen: String?
    /// Claims that another scheduler or a full host refused before one succeeded.
    public var claimConflicts: [String] = []
    public var microseconds: Int64 = 0
    public var decidedAt = Timestamp(microseconds: 0)
    /// When no host was found: enabled ones whose queue nobody serves at the moment.
    public var hostsAway: Int64 = 0

    public init() {}

    @inlinable
    public mutating func fields<V: FieldVisitor>(_ visitor: inout V) {
        visitor.visit("hosts_considered", &hostsConsidered)
        visitor.visit("eliminations", &eliminations)
        visitor.visit("weights", &weights)
        visitor.visit("chosen", &chosen)
        visitor.visit("claim_conflicts", &claimConflicts)
        visitor.visit("microseconds", &microseconds)
        visitor.visit("decided_at", &decidedAt)
        visitor.visit("hosts_away", &hostsAway)
    }
}

/// The scheduler's answer.
///
/// Without a host, ``explanation`` says why and the conductor makes it the server's fault.
public struct SchedulingDecision: Record, Equatable {
    public var selected: Selection?
    public var alternates: [Selection] = []
    public var explanation = SchedulingExplanation()

    public init() {}

    @inlinable
    public mutating func fields<V: FieldVisitor>(_ visitor: inout V) {
        visitor.visit("selected", &selected)
        visitor.visit("alternates", &alternates)
        visitor.visit("explanation", &explanation)
    }
}
