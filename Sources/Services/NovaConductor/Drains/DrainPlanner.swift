import NovaCore
import NovaDatabase
import NovaInterfaces
import NovaModel
import NovaRPC
import NovaStore

/// Makes the plan of a drain: how each server goes, to which host, and what is in the way of those that cannot.
struct DrainPlanner: Sendable {
    /// Hosts that are asked about one server that runs.
    private static let rounds = 3
    /// Servers in one question to the scheduler.
    private static let batch = 100
    /// Servers whose hosts are asked at the same time.
    private static let questions = 16

    let parts: ConductorParts

    /// What is to come to hosts by the plan so far.
    private struct Arrivals {
        private var amounts: [ProviderID: [String: Int64]] = [:]
        private(set) var members: [PlannedMember] = []

        var loads: [PlannedLoad] {
            amounts.map { PlannedLoad($0.key, $0.value.map { ResourceAmount($0.key, $0.value) }) }
        }

        mutating func add(_ server: ServerRecord, to host: Selection) {
            for amount in ResourceAmount.of(server.flavor) {
                amounts[host.providerID, default: [:]][amount.resourceClass, default: 0] &+= amount.amount
            }
            if let group = server.serverGroupID { members.append(PlannedMember(group, on: host.host)) }
        }
    }

    /// A server and what is known of it so far.
    private struct Candidate: Sendable {
        var move: DrainMove
        let server: ServerRecord
        /// Whether its hosts can be asked now.
        var isAtRest = true
        var ignored: [String] = []
        var refusals: [String] = []
        var needs: GuestNeeds?
        var isDecided = false
    }

    /// Plans, and writes the plan down.
    ///
    /// - Throws: ``NovaError`` `notFound` for an unknown host, `conflict` with the next step when it is not in a state for
    ///   this.
    func plan(_ order: PlanDrain, _ context: RequestContext) async throws -> DrainID {
        var drain = DrainRecord()
        drain.id = .random()
        drain.host = order.host
        drain.purpose = order.purpose
        drain.isCold = order.isCold
        drain.context = WorkflowContext(context)
        var candidates = try await parts.database.scan { [drain] connection in
            try Self.check(drain, connection)
            return try Self.candidates(drain, connection)
        }
        var images = DrainImages()
        try await images.learn(candidates.filter { !$0.isDecided }.map(\.server), parts, context)
        for place in candidates.indices where drain.purpose == .evacuate && !candidates[place].isDecided {
            let server = candidates[place].server
            guard server.imageID != nil, images.image(of: server)??.status != "active" else { continue }
            Self.block(&candidates[place], "Its image is gone: without it the server cannot be made anew.")
        }
        var arrivals = Arrivals()
        for _ in 0..<Self.rounds {
            try await place(&candidates, drain, images, after: &arrivals, context)
            guard candidates.contains(where: { !$0.isDecided }) else { break }
        }
        for place in candidates.indices where !candidates[place].isDecided {
            Self.block(&candidates[place], Self.refusal(candidates[place]))
        }
        let moves = Self.inOrder(candidates.map(\.move))
        return try await parts.database.write { [drain] connection in
            var drain = drain
            drain.createdAt = try connection.now()
            try DrainTable(connection).insert(drain, moves)
            return drain.id
        }
    }

    // MARK: What is there

    private static func check(_ drain: DrainRecord, _ connection: Connection) throws {
        let host = drain.host
        guard let record = try HostTable(connection).find(host) else {
            throw NovaError(.notFound, "Compute host \(host) could not be found.")
        }
        try DrainTable(connection).requireIdle(host)
        switch drain.purpose {
        case .drain where record.isForcedDown:
            throw NovaError(
                .conflict,
                "Host \(host) is declared down: what it does can neither be asked nor moved. Next: novactl host evacuate "
                    + host)
        case .evacuate where !record.isForcedDown:
            throw NovaError(
                .conflict,
                "Host \(host) is not declared down, and its servers must not run twice. Make sure that it is off, then: "
                    + "openstack compute service set --down \(host) nova-compute")
        case .giveBack where record.isDisabled || record.isForcedDown:
            throw NovaError(.conflict, "Host \(host) takes no servers. Next: novactl host undrain \(host)")
        default: return
        }
    }

    private static func candidates(_ drain: DrainRecord, _ connection: Connection) throws -> [Candidate] {
        var found: [Candidate] = []
        if drain.purpose == .giveBack {
            for former in try DrainTable(connection).returnable(to: drain.host) {
                guard let server = try ServerTable(connection).find(former.serverID) else { continue }
                var candidate = Candidate(move: DrainMove(server, of: drain, at: 0), server: server)
                if server.host == former.target {
                    answer(&candidate, drain)
                } else if server.host != drain.host {
                    block(&candidate, "It was moved on since, to \(server.host ?? "no host").")
                } else {
                    continue
                }
                found.append(candidate)
            }
        } else {
            for server in try ServerTable(connection).onHost(drain.host) {
                var candidate = Candidate(move: DrainMove(server, of: drain, at: 0), server: server)
                answer(&candidate, drain)
                found.append(candidate)
            }
            if drain.purpose == .drain { found += try leftovers(drain, connection) }
        }
        let indebted = try found.map { try WorkflowTable(connection).debtors(of: $0.server.id) }
        for (place, hosts) in indebted.enumerated() { found[place].ignored += hosts }
        return found.filter { $0.isDecided ? $0.move.state == .blocked : true }
            .sorted { ($0.server.sequence, $0.server.id) < ($1.server.sequence, $1.server.id) }
    }

    /// Servers that have left, and whose disks are kept on the host for the way back.
    private static func leftovers(_ drain: DrainRecord, _ connection: Connection) throws -> [Candidate] {
        try MigrationTable(connection).open().compactMap { migration in
            guard migration.sourceHost == drain.host, migration.status == "finished", migration.move != nil,
                let server = try ServerTable(connection).find(migration.serverID), server.host != drain.host
            else { return nil }
            var candidate = Candidate(move: DrainMove(server, of: drain, at: 0), server: server)
            candidate.move.source = drain.host
            block(
                &candidate,
                "It has left, and its former disks are kept here. Next: openstack server resize confirm \(server.id), "
                    + "or revert")
            return candidate
        }
    }

    private static func answer(_ candidate: inout Candidate, _ drain: DrainRecord) {
        switch DrainRules.answer(candidate.server, drain.purpose, isCold: drain.isCold) {
        case .move(let way): candidate.move.way = way
        case .wait(let way, let why):
            candidate.move.way = way
            candidate.move.reason = why
            candidate.isAtRest = false
        case .block(let why): block(&candidate, why)
        case .leave:
            candidate.move.state = .gone
            candidate.isDecided = true
        }
        candidate.ignored = [candidate.server.host].compactMap(\.self)
    }

    private static func block(_ candidate: inout Candidate, _ why: String) {
        candidate.move.state = .blocked
        candidate.move.reason = why
        candidate.move.target = nil
        candidate.isDecided = true
    }

    /// What is in the way comes first.
    static func inOrder(_ moves: [DrainMove]) -> [DrainMove] {
        let sorted = moves.filter { $0.state == .blocked } + moves.filter { $0.state != .blocked }
        return sorted.enumerated().map { place, move in
            var move = move
            move.position = Int64(place)
            return move
        }
    }

    // MARK: Hosts

    /// One round: a host for each server that has none yet, which then says whether it can take it.
    private func place(
        _ candidates: inout [Candidate], _ drain: DrainRecord, _ images: DrainImages,
        after arrivals: inout Arrivals, _ context: RequestContext
    ) async throws {
        let open = candidates.indices.filter { !candidates[$0].isDecided }
        for start in stride(from: 0, to: open.count, by: Self.batch) {
            let batch = Array(open[start..<min(open.count, start + Self.batch)])
            var requests: [SchedulingRequest] = []
            for place in batch { requests.append(try await request(candidates[place], drain, images)) }
            let answer = try await parts.bus.call(
                PlanHosts(requests, after: arrivals.loads, arrivals.members), to: .topic(PlanHosts.topic),
                context: context)
            var placed: [(Int, Selection)] = []
            for (place, found) in zip(batch, answer.places) {
                if let selection = found.selection {
                    placed.append((place, selection))
                } else {
                    candidates[place].refusals.append(found.refusal)
                    Self.block(&candidates[place], Self.refusal(candidates[place]))
                }
            }
            for (place, selection, candidate) in await ask(placed, candidates, images, context) {
                candidates[place] = candidate
                guard candidate.isDecided, candidate.move.state != .blocked else { continue }
                arrivals.add(candidate.server, to: selection)
            }
        }
    }

    private func request(
        _ candidate: Candidate, _ drain: DrainRecord, _ images: DrainImages
    ) async throws -> SchedulingRequest {
        var request = try await parts.request(for: candidate.server)
        request.image = images.image(of: candidate.server) ?? nil
        request.ignoredHosts = candidate.ignored
        if drain.purpose == .giveBack { request.requestedHost = drain.host }
        return request
    }

    /// Asks the hosts of servers that run; some at a time.
    private func ask(
        _ placed: [(Int, Selection)], _ candidates: [Candidate], _ images: DrainImages, _ context: RequestContext
    ) async -> [(Int, Selection, Candidate)] {
        await withTaskGroup(of: (Int, Selection, Candidate).self) { group in
            var rest = placed[...]
            func next() {
                guard let (place, selection) = rest.popFirst() else { return }
                let candidate = candidates[place]
                group.addTask { (place, selection, await settle(candidate, on: selection, images, context)) }
            }
            for _ in 0..<Self.questions { next() }
            var results: [(Int, Selection, Candidate)] = []
            for await result in group {
                results.append(result)
                next()
            }
            return results.sorted { $0.0 < $1.0 }
        }
    }

    /// The candidate with its host, or with what that host has against it.
    private func settle(
        _ candidate: Candidate, on selection: Selection, _ images: DrainImages, _ context: RequestContext
    ) async -> Candidate {
        var candidate = candidate
        candidate.move.target = selection.host
        candidate.isDecided = true
        guard candidate.move.way == .live, candidate.isAtRest else { return candidate }
        let server = candidate.server
        do {
            let needs: GuestNeeds =
                if let known = candidate.needs { known } else {
                    try await parts.bus.call(
                        ComputeGuestNeeds(server.id), to: .host(ComputeGuestNeeds.topic, candidate.move.source),
                        context: context)
                }
            candidate.needs = needs
        } catch {
            Self.block(&candidate, "\(NovaError(error).message) \(Self.coldHint)")
            return candidate
        }
        do {
            let instance = try await parts.instance(
                server, image: images.image(of: server) ?? nil, on: selection.host, request: context)
            let answer = try await parts.bus.call(
                ComputeCheckGuest(instance, candidate.needs ?? GuestNeeds(), allowsOvercommit: true),
                to: .host(ComputeCheckGuest.topic, selection.host), context: context)
            guard !answer.mismatches.isEmpty else { return candidate }
            candidate.refusals.append("\(selection.host): \(answer.mismatches.joined(separator: "; ")).")
        } catch {
            candidate.refusals.append("\(selection.host): \(NovaError(error).message)")
        }
        candidate.ignored.append(selection.host)
        candidate.move.target = nil
        candidate.isDecided = false
        return candidate
    }

    private static let coldHint = "With --cold it is stopped for its move."

    private static func refusal(_ candidate: Candidate) -> String {
        let reasons = candidate.refusals.joined(separator: " ")
        // The first hosts would take it, if it did not run.
        return candidate.needs == nil ? reasons : "It cannot go while it runs. \(reasons) \(coldHint)"
    }
}
