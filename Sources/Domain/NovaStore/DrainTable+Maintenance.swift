public import NovaCore
import NovaDatabase
import NovaModel
import NovaWire

// What operators do about drains, and what that means for the host.
extension DrainTable {
    /// What the reason says for which a host takes no servers.
    public enum Maintenance: String, Sendable {
        case draining = "maintenance: draining"
        case drained = "maintenance: drained"
        case stopped = "maintenance: drain stopped"
    }

    /// Starts what was planned; a host that is drained takes no servers from then on.
    ///
    /// - Throws: ``NovaError`` `notFound`, or `conflict` when it was started before or the host is in other hands.
    public func start(_ id: DrainID) throws {
        guard let drain = try find(id) else { throw Self.missing(id) }
        try requireIdle(drain.host)
        let hosts = HostTable(connection)
        let wasDisabled = try hosts.find(drain.host)?.isDisabled ?? false
        guard try change(id, from: .planned, to: .running) else {
            throw NovaError(.conflict, "The plan \(id) was started before.")
        }
        switch drain.purpose {
        case .drain:
            // What was moved off a host in use since is not brought back to it.
            if !wasDisabled { try forgetReturns(to: drain.host, but: id) }
            try hosts.hold(drain.host, .draining)
        case .giveBack: try forgetReturns(to: drain.host, but: nil)
        case .evacuate: break
        }
    }

    /// Lets a drain begin no more moves.
    ///
    /// - Throws: ``NovaError`` `notFound`, or `conflict` when it does not run.
    public func stop(_ id: DrainID) throws {
        guard let drain = try find(id) else { throw Self.missing(id) }
        guard drain.state != .stopping else { return }
        guard try change(id, from: .running, to: .stopping) else {
            throw NovaError(.conflict, "The drain \(id) is \(drain.state.rawValue): there is nothing to stop.")
        }
    }

    /// Ends a drain on which nothing is left to be done.
    public func finish(_ drain: DrainRecord) throws {
        let end: DrainRecord.State = drain.state == .stopping ? .stopped : .done
        guard try change(drain.id, from: drain.state, to: end) else { return }
        guard drain.purpose == .drain else { return }
        try HostTable(connection).hold(drain.host, end == .done ? .drained : .stopped, onlyHeld: true)
    }

    /// Refuses what would get in the way of a drain of the host.
    public func requireIdle(_ host: String) throws {
        guard let active = try active(of: host).first else { return }
        let command = active.purpose == .evacuate ? "evacuate" : "drain"
        throw NovaError(
            .conflict,
            "Servers of \(host) are being moved already. See novactl host \(command) \(host) --status, or end it with "
                + "--stop.")
    }

    /// The servers that were moved off a host and may come back, the latest move of each.
    public func returnable(to host: String) throws -> [DrainMove] {
        let drains = try list(host: host, limit: 1000).filter {
            $0.finishedAt != nil && $0.returnedAt == nil && $0.purpose != .giveBack
        }
        var seen: Set<ServerID> = []
        return try drains.flatMap { try moves(of: $0.id) }.filter {
            $0.state == .moved && seen.insert($0.serverID).inserted
        }
    }

    private func forgetReturns(to host: String, but id: DrainID?) throws {
        let now = try connection.now()
        for drain in try list(host: host, limit: 1000)
        where drain.finishedAt != nil && drain.returnedAt == nil && drain.id != id {
            try connection.execute("UPDATE drains SET returned_at = ? WHERE id = ?", [now.column, drain.id.column])
        }
    }

    static func missing(_ id: DrainID) -> NovaError { NovaError(.notFound, "Drain \(id) could not be found.") }
}

extension HostTable {
    /// Lets a compute host take servers again, whatever the reason was for which it did not.
    ///
    /// - Returns: false when there is none of this name.
    public func release(_ host: String) throws -> Bool {
        guard var service = try service(binary: "nova-compute", host: host), var record = try find(host) else {
            return false
        }
        (service.isDisabled, service.disabledReason) = (false, nil)
        (record.isDisabled, record.disabledReason) = (false, nil)
        record.updatedAt = .now()
        try update(service)
        try save(record)
        return true
    }

    /// Keeps new servers away from a compute host; a reason that an operator gave stays.
    ///
    /// - Parameter onlyHeld: changes only the reason of a host that is in maintenance.
    public func hold(_ host: String, _ reason: DrainTable.Maintenance, onlyHeld: Bool = false) throws {
        guard var service = try service(binary: "nova-compute", host: host), var record = try find(host) else { return }
        let isHeld = record.isDisabled && record.disabledReason?.hasPrefix("maintenance: ") ?? true
        guard isHeld || !onlyHeld && !record.isDisabled else { return }
        (service.isDisabled, service.disabledReason) = (true, reason.rawValue)
        (record.isDisabled, record.disabledReason) = (true, reason.rawValue)
        record.updatedAt = .now()
        try update(service)
        try save(record)
    }
}
