import NovaMessaging
import NovaSchema

/// Queues as rows of a table.
struct QueueRows {
    let values: [JSONValue]
    let columns: [Column]

    /// The brokers' rows put together, or each of them.
    init(_ rows: [QueueStatus], byBroker: Bool) {
        let queues = QueueOverview.list(rows)
        var columns = [
            Column("Queue", "name"), Column("Kind", "kind"), Column("Home") { Self.short($0["home"]) },
            Column("Ready", "ready"), Column("In flight", "in_flight"), Column("Bytes", "bytes"),
            Column("Oldest ms", "oldest_age"), Column("Consumers", "consumers"), Column("Credit", "credit"),
            Column("In/s") { Self.rate($0["rate_in"]) }, Column("Out/s") { Self.rate($0["rate_out"]) },
            Column("Redelivered", "redelivered"), Column("Expired", "expired"), Column("Rejected", "rejected"),
            Column("Dead", "dead_letters"),
        ]
        if byBroker { columns.insert(Column("Broker") { Self.short($0["broker"]) }, at: 2) }
        // Rare ones.
        if rows.contains(where: { $0.held > 0 }) { columns.append(Column("Held", "held")) }
        if rows.contains(where: { $0.missed > 0 }) { columns.append(Column("Missed", "missed")) }
        self.columns = columns
        values =
            byBroker
            ? queues.flatMap { queue in queue.parts.map { Self.json($0, home: queue.total.broker, broker: $0.broker) } }
            : queues.map { Self.json($0.total, home: $0.total.broker) }
    }

    /// An endpoint as people write it.
    @Sendable static func short(_ value: JSONValue?) -> String {
        let text = value?.stringValue ?? ""
        if text.isEmpty { return "-" }
        return text.hasPrefix("tcp://") ? String(text.dropFirst(6)) : text
    }

    @Sendable private static func rate(_ value: JSONValue?) -> String {
        let tenths = Int64(((value?.doubleValue ?? 0) * 10).rounded())
        return "\(tenths / 10).\(tenths % 10)"
    }

    /// All of a queue; `broker` only when it is the part of one.
    static func json(_ queue: QueueStatus, home: String, broker: String? = nil) -> JSONValue {
        var members: JSONObject = [
            "name": .string(queue.name), "kind": .string(queue.kind), "home": .string(home),
            "ready": .integer(queue.ready), "in_flight": .integer(queue.inFlight), "bytes": .integer(queue.bytes),
            "oldest_age": .integer(queue.oldestAge), "consumers": .integer(queue.consumers),
            "credit": .integer(queue.credit), "rate_in": .number(queue.rateIn), "rate_out": .number(queue.rateOut),
            "received": .integer(queue.received), "delivered": .integer(queue.delivered),
            "redelivered": .integer(queue.redelivered), "expired": .integer(queue.expired),
            "rejected": .integer(queue.rejected), "dead_letters": .integer(queue.deadLetters),
            "held": .integer(queue.held), "missed": .integer(queue.missed),
        ]
        if let broker { members["broker"] = .string(broker) }
        return .object(members)
    }
}

extension PeerStatus {
    /// All of a connection.
    var json: JSONValue {
        .object([
            "principal": .string(principal), "role": .string(role), "host": .string(host),
            "version": .integer(version), "last_heard": .integer(lastHeard), "in_flight": .integer(inFlight),
            "is_stuck": .bool(isStuck), "serves": .array(serves.map { .string($0) }),
            "versions": .array(versions.map { .string($0) }), "broker": .string(broker),
        ])
    }
}

extension DeadLetter {
    /// All of it, with the method's name.
    var json: JSONValue {
        .object([
            "queue": .string(queue), "interface": .string(interface),
            "method": .string(MethodNames.full(interface, method)), "number": .integer(method),
            "sender": .string(sender), "reason": .string(reason),
            "request_id": trace.contains { $0 != "0" && $0 != "-" } ? .string("req-\(trace)") : .null,
            "message": .string(message),
        ])
    }
}
