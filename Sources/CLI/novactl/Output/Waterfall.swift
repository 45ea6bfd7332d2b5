import NovaCore
import NovaMessaging
import NovaSchema

/// The messages of one request on a line of time.
struct Waterfall {
    /// Characters of the line.
    static let width = 40

    static let columns = [
        Column("At ms", "offset"), Column("Timeline", "timeline"), Column("Kind", "kind"), Column("Method", "method"),
        Column("From") { worker($0["sender"]) }, Column("To") { worker($0["worker"]) },
        Column("Waited", "waited"), Column("Served", "served"), Column("Outcome", "outcome"),
    ]

    private let entries: [TraceEntry]
    /// The age of the first message.
    private let start: Int64
    /// From the first message to the end of the last one, in milliseconds.
    let total: Int64

    init(_ seen: [TraceEntry]) {
        let entries = Self.afterTheirCause(seen)
        self.entries = entries.sorted { Self.rank($0) > Self.rank($1) }
        let first = entries.map(\.age).max() ?? 0
        start = first
        total = entries.map { first - $0.age + $0.waited + $0.served }.max() ?? 0
    }

    /// A service tells of a request when it has answered it, and this takes time on its way: a request began no later than
    /// the first message that its service sent for it.
    private static func afterTheirCause(_ entries: [TraceEntry]) -> [TraceEntry] {
        entries.map { entry in
            guard entry.kind == TraceEntry.http,
                let first = entries.filter({ $0.sender == entry.worker }).map(\.age).max(), first > entry.age
            else { return entry }
            var entry = entry
            entry.served += first - entry.age
            entry.age = first
            return entry
        }
    }

    /// The order of lines.
    ///
    /// Of several that came at once the request is the cause of all, and the one that took longer of those that took less.
    private static func rank(_ entry: TraceEntry) -> (Int64, Int, Int64) {
        (entry.age, entry.kind == TraceEntry.http ? 1 : 0, entry.waited + entry.served)
    }

    var summary: String {
        "\(entries.count) message\(entries.count == 1 ? "" : "s") within \(total) ms, the first \(Self.ago(start)) ago"
    }

    /// A row for each message, with its line.
    var rows: [JSONValue] {
        entries.map { entry in
            var members = json(entry)
            members["timeline"] = .string(line(entry))
            return .object(members)
        }
    }

    func json(_ id: UUID128) -> JSONValue {
        .object([
            "request_id": .string("req-\(id)"), "age": .integer(start), "total": .integer(total),
            "messages": .array(entries.map { .object(json($0)) }),
        ])
    }

    private func json(_ entry: TraceEntry) -> JSONObject {
        [
            "offset": .integer(start - entry.age), "kind": .string(entry.kind), "queue": .string(entry.queue),
            "interface": .string(entry.interface), "method": .string(Self.method(entry)),
            "number": .integer(entry.method), "sender": .string(entry.sender), "worker": .string(entry.worker),
            "waited": .integer(entry.waited), "served": .integer(entry.served), "outcome": .string(entry.outcome),
        ]
    }

    private static func method(_ entry: TraceEntry) -> String {
        entry.kind == TraceEntry.http ? entry.interface : MethodNames.full(entry.interface, entry.method)
    }

    /// Between two bars: '.' while it waited, '=' while a worker had it.
    private func line(_ entry: TraceEntry) -> String {
        let offset = start - entry.age
        let from = min(column(offset), Self.width - 1)
        let end = max(column(offset + entry.waited + entry.served), from + 1)
        // What a worker had shows so, however short that was.
        let taken = entry.worker.isEmpty ? end : min(max(column(offset + entry.waited), from), end - 1)
        let parts = [(" ", from), (".", taken - from), ("=", end - taken), (" ", Self.width - end)]
        return "|\(parts.map { String(repeating: $0.0, count: $0.1) }.joined())|"
    }

    private func column(_ milliseconds: Int64) -> Int {
        guard total > 0 else { return 0 }
        let place = Double(milliseconds) / Double(total) * Double(Self.width)
        return min(Self.width, max(0, Int(place.rounded(.down))))
    }

    /// A peer without the number of its process.
    @Sendable private static func worker(_ value: JSONValue?) -> String {
        let name = value?.stringValue ?? ""
        return name.isEmpty ? "-" : String(name.prefix { $0 != "/" })
    }

    private static func ago(_ milliseconds: Int64) -> String {
        milliseconds < 10_000 ? "\(milliseconds) ms" : "\(milliseconds / 1_000) s"
    }
}
