public import NovaCore
public import NovaModel

/// All hosts that a scheduler knows, kept up to date piece by piece; a decision takes the ready list as it is.
public struct HostTable: Sendable {
    /// How many failed builds are remembered.
    static let failureLimit = 10_000

    private struct Failure: Sendable {
        let host: String
        let server: ServerID
        let until: ContinuousClock.Instant
    }

    /// Ordered by name.
    public private(set) var states: [HostState] = []
    /// The change number up to which placement's state is known.
    public private(set) var sequence: Int64 = 0
    private var places: [String: Int] = [:]
    private var hostOfProvider: [ProviderID: String] = [:]
    private var providers: [ProviderID: ProviderState] = [:]
    private var alive: Set<String> = []
    private var failures: [Failure] = []
    private var aggregates: [String: [Aggregate]] = [:]

    public init() {}

    /// The host whose compute node has this provider.
    public func host(of provider: ProviderID) -> HostState? {
        hostOfProvider[provider].flatMap { places[$0] }.map { states[$0] }
    }

    /// Takes the complete lists of hosts and aggregates: those that are not in them are forgotten.
    public mutating func replace(hosts: [HostRecord], aggregates all: [Aggregate] = []) {
        let before = aggregates
        aggregates = [:]
        for aggregate in all {
            for host in aggregate.hosts { aggregates[host, default: []].append(aggregate) }
        }
        let known = Set(hosts.map(\.resources.host))
        states.removeAll { !known.contains($0.host) }
        index()
        for host in hosts where places[host.resources.host] != nil { update(host) }
        let now = aggregates
        rebuild { before[$0] != now[$0] }
        insert(hosts.filter { places[$0.resources.host] == nil && !$0.resources.host.isEmpty })
    }

    private mutating func insert(_ records: [HostRecord]) {
        guard !records.isEmpty else { return }
        states.append(contentsOf: records.map { state($0) })
        states.sort { $0.host < $1.host }
        index()
    }

    /// Takes one host, new or changed; an older record than the known one is ignored.
    public mutating func update(_ record: HostRecord) {
        let host = record.resources.host
        guard !host.isEmpty else { return }
        if let place = places[host] {
            guard record.updatedAt >= states[place].record.updatedAt else { return }
            hostOfProvider[states[place].providerID] = nil
            hostOfProvider[record.resources.providerID] = host
            states[place] = state(record)
        } else {
            insert([record])
        }
    }

    /// Takes placement's answer; `isComplete` when all providers were asked for.
    public mutating func update(providers changed: [ProviderState], sequence: Int64, isComplete: Bool) {
        if isComplete { providers = [:] }
        self.sequence = sequence
        for provider in changed { store(provider) }
        if isComplete { rebuild { _ in true } }
    }

    /// Takes one provider's state, as a claim answers it; an older generation than the known one is ignored.
    public mutating func update(provider: ProviderState) { store(provider) }

    /// Takes the names of all hosts whose queue is served.
    public mutating func update(alive now: Set<String>) {
        let changed = alive.symmetricDifference(now)
        alive = now
        rebuild { changed.contains($0) }
    }

    /// Notes that a server's build failed on hosts; each counts once per server, until the time given.
    public mutating func noteFailures(
        of server: ServerID, on hosts: [String], now: ContinuousClock.Instant, until: ContinuousClock.Instant
    ) {
        let expired = failures.filter { $0.until <= now }.map(\.host)
        if !expired.isEmpty { failures.removeAll { $0.until <= now } }
        var changed = Set(expired)
        for host in hosts where !failures.contains(where: { $0.host == host && $0.server == server }) {
            guard failures.count < Self.failureLimit else { break }
            failures.append(Failure(host: host, server: server, until: until))
            changed.insert(host)
        }
        if !changed.isEmpty { rebuild { changed.contains($0) } }
    }

    private mutating func store(_ provider: ProviderState) {
        if let known = providers[provider.providerID], known.generation > provider.generation { return }
        providers[provider.providerID] = provider
        guard let host = hostOfProvider[provider.providerID], let place = places[host] else { return }
        states[place] = state(states[place].record)
    }

    private mutating func rebuild(_ isChanged: (String) -> Bool) {
        for place in states.indices where isChanged(states[place].host) { states[place] = state(states[place].record) }
    }

    private func state(_ record: HostRecord) -> HostState {
        let host = record.resources.host
        return HostState(
            record, inventories: providers[record.resources.providerID]?.inventories ?? [],
            isAlive: alive.contains(host), failedBuilds: Int64(failures.count { $0.host == host }),
            aggregates: aggregates[host] ?? [])
    }

    private mutating func index() {
        places = [:]
        hostOfProvider = [:]
        for (place, state) in states.enumerated() {
            places[state.host] = place
            hostOfProvider[state.providerID] = state.host
        }
    }
}
