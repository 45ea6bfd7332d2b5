public import NovaCore
public import NovaInterfaces
public import NovaModel

/// What there is in the cloud, as far as reconcilers look at it.
///
/// Hosts, placement and network are read first and the nova database last: what a workflow makes, it makes after its
/// server's row and its own, so nothing that is being made can look like something without a server.
public struct CloudPicture: Sendable {
    /// Where a part of the picture comes from; one that does not answer is missing from it.
    public enum Part: String, Sendable, CaseIterable {
        case hosts
        case placement
        case network
        case database
    }
    /// What a host has.
    public struct HostContents: Sendable {
        public var instances: [HostedInstance] = []
        public var images: [HostedImage] = []

        public init() {}
    }
    /// From when on something is as old as a finding must be.
    public struct Ages: Sendable {
        /// What changed within this time is left alone.
        public var settling: Duration = .seconds(30)
        /// An image that no disk needs is kept for this long.
        public var unusedImage: Duration = .seconds(86_400)
        /// A daemon that has said nothing for this long is gone.
        public var silentService: Duration = .seconds(86_400)
        /// A workflow that has not moved for this long hangs.
        public var workflow: Duration = .seconds(7_200)

        public init() {}
    }

    /// When the look began.
    public var at: Timestamp
    public var ages: Ages

    public var servers: [ServerID: ServerFacts] = [:]
    /// When servers were deleted, of those that other parts name.
    public var deleted: [ServerID: Timestamp] = [:]
    /// Workflows that are not finished, oldest first.
    public var workflows: [WorkflowFacts] = []
    /// Moves that are not over: by their ids as consumers in placement, their servers.
    public var moves: [ServerID: ServerID] = [:]
    public var hosts: [HostRecord] = []
    public var services: [ServiceRecord] = []
    /// What the hosts that answered have.
    public var contents: [String: HostContents] = [:]
    public var consumers: [ConsumerClaims] = []
    public var providers: [ProviderState] = []
    public var usageDifferences: [UsageDifference] = []
    public var ports: [ServerPort] = []

    public init(at: Timestamp, ages: Ages = Ages()) {
        self.at = at
        self.ages = ages
    }

    /// Whether a server is there.
    public enum Standing: Sendable, Equatable {
        case alive(ServerFacts)
        case deleted
        /// There is no row: it never was, was archived, or the database is older than the server.
        case unknown
    }

    public func standing(_ id: ServerID) -> Standing {
        if let server = servers[id] { return .alive(server) }
        return deleted[id] == nil ? .unknown : .deleted
    }

    /// Servers that something is done to, or was a moment ago: nothing about them counts as drift.
    public var busy: Set<ServerID> {
        let limit = time(ago: ages.settling)
        var busy = Set(workflows.map(\.serverID))
        for (id, server) in servers where server.updatedAt > limit { busy.insert(id) }
        for (id, time) in deleted where time > limit { busy.insert(id) }
        return busy
    }

    /// Whether it is sure that no compute host has anything of a server.
    public func isNowhere(_ id: ServerID) -> Bool {
        !hosts.isEmpty && hosts.allSatisfy { contents[$0.resources.host] != nil }
            && contents.values.allSatisfy { host in !host.instances.contains { $0.serverID == id } }
    }

    /// The hypervisors' own view: what each host has and does nothing to, in a stable order.
    var instances: [(host: String, instance: HostedInstance)] {
        contents.sorted { $0.key < $1.key }.flatMap { host, found in
            found.instances.filter { !$0.isBusy }.map { (host, $0) }
        }
    }

    func time(ago duration: Duration) -> Timestamp {
        let microseconds = duration.components.seconds * 1_000_000
        return Timestamp(microseconds: at.microseconds.subtractingReportingOverflow(microseconds).partialValue)
    }
}
