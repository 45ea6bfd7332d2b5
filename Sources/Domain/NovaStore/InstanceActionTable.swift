public import NovaCore
public import NovaDatabase
import NovaWire

/// A server's workflows as `os-instance-actions` shows them, inside one transaction.
public struct InstanceActionTable {
    /// Which actions a list asks for.
    public struct Filter: Sendable {
        public var changedSince: Timestamp?
        public var changedBefore: Timestamp?
        /// The request id of the last action of the page before.
        public var marker: String?
        public var limit: Int64 = 1000

        public init() {}
    }
    /// A workflow with its journal, as far as it was asked for.
    public struct Action: Sendable {
        public let workflow: WorkflowRecord
        public let steps: [WorkflowStepRecord]
    }

    /// The most workflows of a server among which a request is looked for.
    private static let searchLimit = 10_000

    private let connection: Connection

    public init(_ connection: Connection) { self.connection = connection }

    /// Actions on a server, newest first, without their journals.
    ///
    /// - Throws: `badRequest` for a marker that is no action of the server.
    public func list(of server: ServerID, _ filter: Filter) throws -> [Action] {
        var clauses = ["server_id = ?"]
        var values = [server.column]
        if let since = filter.changedSince {
            clauses.append("updated_at >= ?")
            values.append(since.column)
        }
        if let before = filter.changedBefore {
            clauses.append("updated_at <= ?")
            values.append(before.column)
        }
        if let marker = filter.marker {
            guard let last = try workflow(of: server, request: marker) else {
                throw NovaError(.badRequest, "Marker \(marker) could not be found.")
            }
            clauses.append("(created_at, id) < (?, ?)")
            values += [last.createdAt.column, last.id.column]
        }
        return try connection.records(
            WorkflowRecord.self, from: "workflows", where: clauses.joined(separator: " AND "),
            values + [.integer(filter.limit)], suffix: "ORDER BY created_at DESC, id DESC LIMIT ?"
        ).map { Action(workflow: $0, steps: []) }
    }

    /// The action that a request began, with its journal; nil when there is none.
    public func find(_ request: String, of server: ServerID) throws -> Action? {
        guard let workflow = try workflow(of: server, request: request) else { return nil }
        return Action(workflow: workflow, steps: try WorkflowTable(connection).journal(of: workflow.id))
    }

    private func workflow(of server: ServerID, request: String) throws -> WorkflowRecord? {
        // The history has the request's id in a column of its own; the workflow has it within its context.
        let id = try connection.row(
            "SELECT id FROM server_changes WHERE server_id = ? AND request_id = ? ORDER BY started_at DESC LIMIT 1",
            [server.column, .text(request)]
        ) { try $0.field(0, as: WorkflowID.self) }
        if let found = try id.flatMap({ try WorkflowTable(connection).find($0) }) { return found }
        // The history is kept for a shorter time than workflows are.
        let contexts = try connection.rows(
            """
            SELECT id, context FROM workflows WHERE server_id = ?
            ORDER BY created_at DESC, id DESC LIMIT \(Self.searchLimit)
            """, [server.column]
        ) { (try $0.field(0, as: WorkflowID.self), try $0.field(1, as: WorkflowContext.self)) }
        let match = contexts.first { $0.1.requestID == request }
        return try match.flatMap { try WorkflowTable(connection).find($0.0) }
    }
}
