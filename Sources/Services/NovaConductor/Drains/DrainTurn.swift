import NovaCore
import NovaDatabase
import NovaModel
import NovaStore
import NovaWorkflow

/// What is to be done about a drain now, inside one transaction: looked up first, then written.
///
/// A move and the workflow that makes it are written together, so whoever dies in between leaves neither or both.
struct DrainTurn {
    enum Change: Sendable {
        case save(DrainMove)
        case confirm(DrainMove, ServerRecord)
        case begin(DrainMove, ServerRecord, MoveWay)
        case finish
    }

    let drain: DrainRecord
    let maximum: Int
    let connection: Connection
    private let table: DrainTable
    private let now: Timestamp

    init(_ drain: DrainRecord, maximum: Int, _ connection: Connection) throws {
        self.drain = drain
        self.maximum = maximum
        self.connection = connection
        table = DrainTable(connection)
        now = try connection.now()
    }

    // MARK: Looking

    /// What is to be done.
    func changes() throws -> [Change] {
        var changes: [Change] = []
        var ended = 0
        for move in try table.arrived(of: drain.id) {
            guard let change = try follow(move) else { continue }
            changes.append(change)
            if case .save = change { ended += 1 }
        }
        let counts = try table.counts(of: drain.id)
        let underWay = Int(counts[.moving, .confirming]) - ended
        if drain.state == .running {
            let recent = try table.moved(of: drain.id, since: now.adding(.zero - DrainRules.pace))
            let free = DrainRules.limit(ended: recent + ended, maximum: maximum) - underWay
            if free > 0 { changes += try begin(atMost: free) }
        }
        guard changes.isEmpty, underWay == 0, drain.state == .stopping || counts[.waiting] == 0 else { return changes }
        let late = try latecomers(after: counts.total)
        return late.isEmpty ? [.finish] : late
    }

    /// What follows for a move whose workflow has ended.
    private func follow(_ move: DrainMove) throws -> Change? {
        let server = try ServerTable(connection).find(move.serverID)
        let workflow = try move.workflowID.flatMap { try WorkflowTable(connection).find($0) }
        let waits = try server.map { try MigrationTable(connection).unconfirmed(of: $0.id) != nil } ?? false
        var move = move
        switch DrainRules.outcome(move, drain.purpose, workflow, server, waitsForConfirmation: waits) {
        case .wait: return nil
        case .confirm: return server.map { .confirm(move, $0) }
        case .moved:
            move.target = server?.host ?? move.target
            return .save(ended(move, .moved, ""))
        case .again(let why):
            move.state = .waiting
            move.reason = told(move, why)
            move.avoided = move.target
            move.target = nil
            return .save(move)
        case .failed(let why): return .save(ended(move, .failed, told(move, why)))
        case .gone(let why): return .save(ended(move, .gone, why))
        }
    }

    /// What went wrong, after what went wrong before.
    private func told(_ move: DrainMove, _ why: String) -> String {
        let now = move.target.map { "To \($0): \(why)" } ?? why
        return move.reason.isEmpty ? now : "\(move.reason) Then: \(now)"
    }

    private func ended(_ move: DrainMove, _ state: DrainMove.State, _ reason: String) -> DrainMove {
        var move = move
        move.state = state
        move.reason = reason
        move.finishedAt = now
        return move
    }

    private func begin(atMost limit: Int) throws -> [Change] {
        try table.waiting(of: drain.id, at: now, limit: limit).map { move in
            guard let server = try ServerTable(connection).find(move.serverID) else {
                return .save(ended(move, .gone, "It was deleted."))
            }
            guard server.host == move.source else {
                return .save(ended(move, .gone, "It is on \(server.host ?? "no host"), where somebody else moved it."))
            }
            switch DrainRules.answer(server, drain.purpose, isCold: drain.isCold) {
            case .move(let way): return .begin(move, server, way)
            case .wait(_, let why): return .save(postponed(move, why))
            case .block(let why): return .save(ended(move, .blocked, why))
            case .leave: return .save(ended(move, .gone, "It is being deleted."))
            }
        }
    }

    private func postponed(_ move: DrainMove, _ why: String) -> DrainMove {
        var move = move
        let since = move.busySince ?? now
        guard now.elapsed(since: since) < DrainRules.patience else { return ended(move, .failed, why) }
        move.busySince = since
        move.reason = why
        move.retryAt = now.adding(DrainRules.pause)
        return move
    }

    /// Servers that have come to the host since the plan: they were on their way when it was closed.
    private func latecomers(after count: Int64) throws -> [Change] {
        guard drain.state == .running, drain.purpose == .drain,
            try HostTable(connection).find(drain.host)?.isDisabled == true
        else { return [] }
        let known = try table.servers(of: drain.id)
        var position = count
        return try ServerTable(connection).onHost(drain.host).sorted { $0.sequence < $1.sequence }.compactMap {
            server in
            guard !known.contains(server.id) else { return nil }
            var move = DrainMove(server, of: drain, at: position)
            switch DrainRules.answer(server, drain.purpose, isCold: drain.isCold) {
            case .leave: return nil
            case .move(let way), .wait(let way, _): move.way = way
            case .block(let why): move = ended(move, .blocked, why)
            }
            position += 1
            return .save(move)
        }
    }

    // MARK: Writing

    /// Makes the changes.
    ///
    /// - Returns: the workflows that were begun.
    func apply(_ changes: [Change], _ images: DrainImages) throws -> [WorkflowID] {
        let context = drain.context.requestContext
        return try changes.compactMap { change in
            switch change {
            case .save(let move):
                try table.save(move)
                return nil
            case .confirm(var move, let server):
                let workflow = try MoveTable(connection).confirm(server, context)
                move.state = .confirming
                move.workflowID = workflow.id
                try table.save(move)
                return workflow.id
            case .begin(let move, let server, let way):
                guard let image = images.image(of: server) else { return nil }
                return try begin(move, server, way, image, context)
            case .finish:
                try table.finish(drain)
                return nil
            }
        }
    }

    private func begin(
        _ move: DrainMove, _ server: ServerRecord, _ way: MoveWay, _ image: ImageReference?, _ context: RequestContext
    ) throws -> WorkflowID? {
        if way == .evacuate, server.imageID != nil, image?.status != "active" {
            try table.save(ended(move, .blocked, "Its image is gone: without it the server cannot be made anew."))
            return nil
        }
        try ServerTable(connection).change(server.id) { $0.taskState = way.action.taskState }
        let moves = MoveTable(connection)
        let ignored = [move.avoided].compactMap(\.self)
        @Sendable func prepare(_ state: inout MoveState) {
            state.image = image
            state.requestedHost = move.target
            state.ignoredHosts = ignored
            // What ran is to run again.
            state.endsStopped = way == .evacuate && server.vmState == .stopped
        }
        let workflow =
            switch way {
            case .live: try moves.beginLive(server, context) { prepare(&$0.move) }
            case .cold:
                try moves.begin(
                    WorkflowKindName.resize, type: "migration", of: server, to: server.flavor, context, prepare: prepare
                )
            case .evacuate:
                try moves.begin(
                    WorkflowKindName.evacuate, type: "evacuation", of: server, to: server.flavor, context,
                    prepare: prepare)
            }
        var move = move
        move.way = way
        move.state = .moving
        move.attempts += 1
        move.workflowID = workflow.id
        move.busySince = nil
        move.startedAt = move.startedAt ?? now
        if move.attempts == 1 { move.reason = "" }
        try table.save(move)
        return workflow.id
    }
}

extension MoveWay {
    /// What users would ask for.
    var action: ServerAction {
        switch self {
        case .live: .liveMigrate
        case .cold: .migrate
        case .evacuate: .evacuate
        }
    }
}

extension DrainMove {
    /// A server that waits for its move.
    init(_ server: ServerRecord, of drain: DrainRecord, at position: Int64) {
        self.init()
        drainID = drain.id
        self.position = position
        serverID = server.id
        serverName = server.name
        source = server.host ?? drain.host
    }
}
