import NovaCore
import NovaDatabase
import NovaHTTP
import NovaModel
import NovaSchema
import NovaStore

/// `/servers/{id}/os-instance-actions` (`spec/compute-api.md`): the workflows of a server, and their steps as events.
struct InstanceActionsResource: Sendable {
    private static let events = "os_compute_api:os-instance-actions:events"
    private static let eventDetails = "os_compute_api:os-instance-actions:events:details"
    private static let readerOrAdmin = "rule:project_reader_or_admin"

    let parts: APIParts

    var operations: [Operation] {
        [
            Operation(
                .get, "/servers/{id}/os-instance-actions", name: "os_compute_api:os-instance-actions:list",
                query: Self.queries, policy: Self.readerOrAdmin, summary: "Lists what was done to a server.", list),
            Operation(
                .get, "/servers/{id}/os-instance-actions/{request}", name: "os_compute_api:os-instance-actions:show",
                policy: Self.readerOrAdmin, summary: "Shows an action on a server with its events.", show),
        ]
    }

    private static let queries: [BodySchema] = {
        var parameters: [String: JSONSchema] = [
            "limit": .integer(min: 0), "marker": .string, "changes-since": .string(min: 0, .dateTime),
        ]
        let first = JSONSchema.object(properties: parameters, additional: false)
        parameters["changes-before"] = .string(min: 0, .dateTime)
        return [
            BodySchema(since: Microversion(2, 58), first),
            BodySchema(since: Microversion(2, 66), .object(properties: parameters, additional: false)),
        ]
    }()

    /// The server, deleted ones from 2.21 on.
    private func server(_ request: APIRequest) async throws -> ServerRecord {
        try await parts.server(request, deleted: request.atLeast(21))
    }

    private func list(_ request: APIRequest) async throws -> APIResponse {
        let server = try await server(request)
        let filter = try filter(request)
        let actions = try await parts.database.read { try InstanceActionTable($0).list(of: server.id, filter) }
        let isFull = request.atLeast(58) && filter.limit > 0 && Int64(actions.count) == filter.limit
        return .written(200) { writer in
            writer.object { writer in
                writer.field(
                    "instanceActions",
                    array: { writer in
                        for action in actions {
                            writer.object { write(action.workflow, request, hasFailed: nil, to: &$0) }
                        }
                    })
                Links(request).writeNext(
                    named: "links", request,
                    marker: isFull ? actions.last?.workflow.context.requestID : nil, to: &writer)
            }
        }
    }

    private func filter(_ request: APIRequest) throws -> InstanceActionTable.Filter {
        var filter = InstanceActionTable.Filter()
        filter.limit = parts.maxLimit
        guard request.atLeast(58) else { return filter }
        let paging = try Paging(request, maximum: parts.maxLimit)
        filter.limit = paging.limit
        filter.marker = paging.marker
        filter.changedSince = try time("changes-since", request)
        if request.atLeast(66) { filter.changedBefore = try time("changes-before", request) }
        if let since = filter.changedSince, let before = filter.changedBefore, since > before {
            throw NovaError(
                .badRequest, "The value of changes-since must be less than or equal to changes-before.")
        }
        return filter
    }

    private func time(_ name: String, _ request: APIRequest) throws -> Timestamp? {
        guard let text = request.query(name) else { return nil }
        guard let time = Timestamp(iso8601: text) else {
            throw NovaError(
                .badRequest,
                "Invalid input for query parameters \(name). Value: \(text). '\(text)' is not a 'date-time'")
        }
        return time
    }

    private func show(_ request: APIRequest) async throws -> APIResponse {
        let server = try await server(request)
        let id = request.parameters["request"] ?? ""
        guard let action = try await parts.database.read({ try InstanceActionTable($0).find(id, of: server.id) }) else {
            throw NovaError(.notFound, "Action \(id) not found")
        }
        let isOperator = request.allows(Self.events) || request.callerIfAny?.isAdmin == true
        let events = InstanceEvents(action, server: server)
        return .written(200) { writer in
            writer.object { writer in
                writer.field(
                    "instanceAction",
                    object: { writer in
                        write(action.workflow, request, hasFailed: events.hasFailed, to: &writer)
                        guard isOperator || request.atLeast(51) else { return }
                        writer.field(
                            "events",
                            array: { writer in
                                for event in events.all { write(event, request, isOperator, server, to: &writer) }
                            })
                    })
            }
        }
    }

    private func write(
        _ workflow: WorkflowRecord, _ request: APIRequest, hasFailed: Bool?, to writer: inout JSONWriter
    ) {
        writer.field("action", workflow.action)
        writer.field("instance_uuid", workflow.serverID.description)
        writer.field("message", hasFailed ?? (workflow.error != nil) ? "Error" : nil)
        writer.field("project_id", workflow.context.projectID.text)
        writer.field("request_id", workflow.context.requestID)
        writer.field("start_time", workflow.createdAt.iso8601Micro)
        writer.field("user_id", workflow.context.userID.text)
        if request.atLeast(58) { writer.field("updated_at", workflow.updatedAt.iso8601Micro) }
    }

    private func write(
        _ event: InstanceEvents.Event, _ request: APIRequest, _ isOperator: Bool, _ server: ServerRecord,
        to writer: inout JSONWriter
    ) {
        writer.object { writer in
            writer.field("event", event.name)
            writer.field("start_time", event.startedAt.iso8601Micro)
            writer.field("finish_time", event.finishedAt?.iso8601Micro)
            writer.field("result", event.result)
            if isOperator { writer.field("traceback", event.traceback) }
            if request.atLeast(62) {
                if isOperator { writer.field("host", event.isOnHost ? server.host : nil) }
                writer.field("hostId", event.isOnHost ? HostIDs().hostID(of: server) : "")
            }
            let showsDetails = request.allows(Self.eventDetails) || request.callerIfAny?.isAdmin == true
            if request.atLeast(84), showsDetails { writer.field("details", event.details) }
        }
    }
}
