public import NovaCore
public import NovaDatabase
public import NovaModel
import NovaWire

extension WorkflowRecord {
    /// The name of the server that it works on, or of the host; empty when that is gone.
    public func subjectName(_ connection: Connection) throws -> String {
        guard kind == WorkflowKindName.fenceHost else {
            return try ServerTable(connection).find(serverID, deleted: true)?.name ?? ""
        }
        return try HostFenceState(decoding: data.bytes).host
    }
}

/// The workflows that switch compute hosts off, inside one transaction; they stay as the record of who did it and why.
public struct HostFenceTable {
    private let connection: Connection

    public init(_ connection: Connection) { self.connection = connection }

    /// Begins to switch a host off.
    ///
    /// - Throws: `notFound` for a host that nobody knows, `conflict` for one that is down already, or about to be.
    public func begin(_ state: HostFenceState, _ context: RequestContext) throws -> WorkflowRecord {
        guard let host = try HostTable(connection).find(state.host) else {
            throw NovaError(.notFound, "Compute host \(state.host) could not be found.")
        }
        guard try !HostTable(connection).isForcedDown(state.host) else {
            throw NovaError(.conflict, "Compute host \(state.host) is declared down already.")
        }
        if let open = try list(of: host, limit: 1).first, open.finishedAt == nil {
            throw NovaError(
                .conflict, "Compute host \(state.host) is being switched off already: novactl workflow show \(open.id)")
        }
        let workflow = WorkflowRecord(
            kind: WorkflowKindName.fenceHost, server: host.subject, context: context, data: state.encoded(),
            now: try connection.now())
        try WorkflowTable(connection).insert(workflow)
        return workflow
    }

    /// Those of one host, newest first.
    public func list(of host: HostRecord, limit: Int) throws -> [WorkflowRecord] {
        try WorkflowTable(connection).list(server: host.subject, openOnly: false, limit: limit)
            .filter { $0.kind == WorkflowKindName.fenceHost }
    }

    /// Inside the transaction that ends it well: the host counts as down, and the history of its servers says why.
    public func declareDown(_ state: HostFenceState, by who: String) throws {
        let reason = "fenced: \(state.reason)"
        try HostTable(connection).declareDown(state.host, because: reason, at: try connection.now())
        let changes = ServerChangeTable(connection)
        for server in try ServerTable(connection).onHost(state.host) {
            try changes.note(
                "host fenced", by: who, why: "\(state.host) was switched off by its fence agent: \(state.reason)",
                from: server, to: server, at: try connection.now())
        }
    }
}
