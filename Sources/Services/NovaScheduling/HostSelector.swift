public import NovaModel

/// The decision itself: filters, then weights, then a pick among the best.
///
/// Pure: equal input and seed, equal answer.
public struct HostSelector: Sendable {
    /// A weigher and what its scaled weight is multiplied with.
    public struct Weighting: Sendable {
        public let weigher: any HostWeigher
        public let multiplier: Double
        public init(_ weigher: any HostWeigher, _ multiplier: Double) {
            self.weigher = weigher
            self.multiplier = multiplier
        }
    }

    /// The hosts in the order to try them, and why.
    public struct Ranking: Sendable {
        public var hosts: [HostState]
        public var explanation: SchedulingExplanation
    }

    /// How many hosts an explanation names per filter, and in its list of weights.
    public static let explained = 20

    let filters: [any HostFilter]
    let weightings: [Weighting]
    let subsetSize: Int
    let shufflesTies: Bool

    /// - Parameters:
    ///   - subsetSize: the first host is picked at random among this many best ones (`host_subset_size`).
    ///   - shufflesTies: whether hosts of equal weight are tried in random order, instead of the order given.
    public init(filters: [any HostFilter], weightings: [Weighting], subsetSize: Int = 1, shufflesTies: Bool = false) {
        self.filters = filters
        self.weightings = weightings.filter { $0.multiplier != 0 }
        self.subsetSize = max(1, subsetSize)
        self.shufflesTies = shufflesTies
    }

    /// Orders the hosts that may take the server.
    public func rank(
        _ request: SchedulingRequest, _ hosts: [HostState], using generator: inout some RandomNumberGenerator
    ) -> Ranking {
        var explanation = SchedulingExplanation()
        explanation.hostsConsidered = Int64(hosts.count)
        var left = hosts
        if !request.ignoredHosts.isEmpty {
            let ignored = Set(request.ignoredHosts)
            Self.drop(&left, "IgnoredHosts", &explanation, keep: { !ignored.contains($0.host) }) { _ in "tried before" }
        }
        if let requested = request.requestedHost, !requested.isEmpty {
            Self.drop(&left, "RequestedHost", &explanation, keep: { $0.host == requested }) { _ in
                "not the host asked for"
            }
        }
        if let forced = request.forcedHost, !forced.isEmpty {
            // As in Nova an administrator's choice overrules the filters, yet nobody can build on a dead host.
            let usable = { (host: HostState) in host.host == forced && host.isAlive && !host.record.isForcedDown }
            Self.drop(&left, "ForcedHost", &explanation, keep: usable) {
                $0.host == forced ? "down: nobody serves its queue" : "not the host asked for"
            }
        } else {
            for filter in filters where filter.applies(to: request) {
                Self.drop(&left, filter.name, &explanation, keep: { filter.passes($0, request) }) {
                    filter.reason($0, request)
                }
                if left.isEmpty { break }
            }
        }
        if left.isEmpty { explanation.hostsAway = Int64(hosts.count { Self.isAway($0, request) }) }
        return weigh(request, left, explanation, using: &generator)
    }

    /// Whether a host could be asked if it were there: it may be starting again, or its broker may.
    private static func isAway(_ host: HostState, _ request: SchedulingRequest) -> Bool {
        guard !host.isAlive, !host.record.isForcedDown, !request.ignoredHosts.contains(host.host) else { return false }
        if let forced = request.forcedHost, !forced.isEmpty { return host.host == forced }
        if let requested = request.requestedHost, !requested.isEmpty, host.host != requested { return false }
        return !host.record.isDisabled
    }

    private static func drop(
        _ left: inout [HostState], _ name: String, _ explanation: inout SchedulingExplanation,
        keep: (HostState) -> Bool, _ reason: (HostState) -> String
    ) {
        var elimination = SchedulingExplanation.Elimination()
        elimination.filter = name
        elimination.hostsBefore = Int64(left.count)
        left.removeAll { host in
            if keep(host) { return false }
            if elimination.removed.count < explained { elimination.removed[host.host] = reason(host) }
            return true
        }
        elimination.hostsAfter = Int64(left.count)
        explanation.eliminations.append(elimination)
    }

    private func weigh(
        _ request: SchedulingRequest, _ hosts: [HostState], _ explanation: SchedulingExplanation,
        using generator: inout some RandomNumberGenerator
    ) -> Ranking {
        var totals = [Double](repeating: 0, count: hosts.count)
        let scaled = weightings.map { weighting in
            var weights = hosts.map { weighting.weigher.weight($0, request) }
            Self.scale(&weights, multiplier: weighting.multiplier)
            for index in weights.indices { totals[index] += weights[index] }
            return weights
        }
        var places = Array(hosts.indices)
        if shufflesTies { places.shuffle(using: &generator) }
        var rank = [Int](repeating: 0, count: places.count)
        for (position, place) in places.enumerated() { rank[place] = position }
        places.sort { totals[$0] == totals[$1] ? rank[$0] < rank[$1] : totals[$0] > totals[$1] }
        let subset = min(subsetSize, places.count)
        if subset > 1 {
            let pick = Int.random(in: 0..<subset, using: &generator)
            places.insert(places.remove(at: pick), at: 0)
        }
        var explanation = explanation
        explanation.weights = places.prefix(Self.explained).map { place in
            var weighing = SchedulingExplanation.Weighing()
            weighing.host = hosts[place].host
            weighing.weight = totals[place]
            for (weighting, weights) in zip(weightings, scaled) where weights[place] != 0 {
                weighing.parts[type(of: weighting.weigher).name] = Self.text(weights[place])
            }
            return weighing
        }
        return Ranking(hosts: places.map { hosts[$0] }, explanation: explanation)
    }

    /// Maps weights to 0…1, then multiplies; equal weights say nothing and become 0.
    static func scale(_ weights: inout [Double], multiplier: Double) {
        guard let least = weights.min(), let most = weights.max() else { return }
        let range = most - least
        for index in weights.indices { weights[index] = range > 0 ? (weights[index] - least) / range * multiplier : 0 }
    }

    /// A weight with three decimals, without Foundation.
    static func text(_ value: Double) -> String { String((value * 1000).rounded() / 1000) }
}
