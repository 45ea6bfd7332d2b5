import NovaCore
import NovaMessaging
import NovaSchema
import Testing

@testable import novactl

@Suite("The waterfall of a trace")
struct WaterfallTests {
    private static func entry(
        _ interface: String, _ method: Int64, age: Int64, waited: Int64, served: Int64, worker: String = "w@h/1",
        outcome: String = "reply"
    ) -> TraceEntry {
        var entry = TraceEntry()
        entry.kind = "call"
        entry.interface = interface
        entry.queue = interface
        entry.method = method
        entry.sender = "conductor@h/1"
        entry.worker = worker
        entry.age = age
        entry.waited = waited
        entry.served = served
        entry.outcome = outcome
        return entry
    }

    private static func lines(_ waterfall: Waterfall) -> [String] {
        waterfall.rows.map { $0["timeline"]?.stringValue ?? "" }
    }

    @Test("offsets, names, and a line that shows waiting and service")
    func shape() {
        let waterfall = Waterfall([
            Self.entry("compute", 1, age: 300, waited: 100, served: 100),
            Self.entry("scheduler", 1, age: 400, waited: 0, served: 100),
        ])
        #expect(waterfall.total == 300)
        #expect(waterfall.summary == "2 messages within 300 ms, the first 400 ms ago")
        #expect(waterfall.rows.map { $0["offset"] } == [.integer(0), .integer(100)])
        #expect(waterfall.rows.map { $0["method"]?.stringValue } == ["scheduler.select_host", "compute.build"])
        #expect(
            Self.lines(waterfall) == [
                "|" + String(repeating: "=", count: 13) + String(repeating: " ", count: 27) + "|",
                "|" + String(repeating: " ", count: 13) + String(repeating: ".", count: 13)
                    + String(repeating: "=", count: 14) + "|",
            ])
    }

    @Test("the HTTP request is the first line, by its own name")
    func request() {
        var http = Self.entry(
            "POST os_compute_api:servers:create", 202, age: 400, waited: 0, served: 20, outcome: "202")
        http.kind = TraceEntry.http
        let waterfall = Waterfall([Self.entry("compute", 1, age: 395, waited: 0, served: 100), http])
        #expect(
            waterfall.rows.map { $0["method"]?.stringValue } == ["POST os_compute_api:servers:create", "compute.build"])
    }

    @Test("a request began no later than what its service sent for it, however late it was told of")
    func cause() {
        var http = Self.entry(
            "POST os_compute_api:servers:create", 202, age: 395, waited: 0, served: 20, worker: "conductor@h/1",
            outcome: "202")
        http.kind = TraceEntry.http
        let waterfall = Waterfall([Self.entry("image", 1, age: 400, waited: 0, served: 90), http])
        #expect(waterfall.rows.map { $0["kind"] } == ["http", "call"])
        #expect(waterfall.rows.map { $0["offset"] } == [.integer(0), .integer(0)])
        #expect(waterfall.rows.map { $0["served"] } == [.integer(25), .integer(90)])
    }

    @Test("every line is as wide as the others and shows its message, however short it was")
    func bounds() {
        let cases: [(Int64, Int64, Int64)] = [
            (1_000, 0, 0), (1_000, 1_000, 0), (1_000, 0, 1_000), (0, 0, 0), (1, 0, 1), (500, 499, 1), (500, 0, 500),
        ]
        let waterfall = Waterfall(cases.map { Self.entry("x", 9, age: $0.0, waited: $0.1, served: $0.2) })
        for line in Self.lines(waterfall) {
            #expect(line.count == Waterfall.width + 2)
            #expect(line.contains("="))
        }
        let point = Waterfall([Self.entry("x", 9, age: 5, waited: 0, served: 0)])
        #expect(Self.lines(point) == ["|=" + String(repeating: " ", count: Waterfall.width - 1) + "|"])
        #expect(point.rows[0]["method"] == .string("x.#9"))
    }

    @Test("what no worker got has only waited")
    func unserved() {
        let waterfall = Waterfall([
            Self.entry("compute", 1, age: 100, waited: 100, served: 0, worker: "", outcome: "waiting")
        ])
        #expect(Self.lines(waterfall) == ["|" + String(repeating: ".", count: Waterfall.width) + "|"])
    }

    @Test("of two that came at once the longer one is first")
    func order() {
        let waterfall = Waterfall([
            Self.entry("network", 1, age: 50, waited: 0, served: 5),
            Self.entry("conductor", 1, age: 50, waited: 0, served: 50),
        ])
        #expect(waterfall.rows.map { $0["interface"]?.stringValue } == ["conductor", "network"])
    }

    @Test("ids with and without their prefix, and nothing else")
    func ids() throws {
        let id = try #require(UUID128("6b0cf2ad-4c0e-4bd6-b7a3-7a6c7d1f0a11"))
        #expect(QueueCommand.Trace.id("req-\(id)") == id)
        #expect(QueueCommand.Trace.id("\(id)") == id)
        #expect(QueueCommand.Trace.id("req-") == nil)
        #expect(QueueCommand.Trace.id("00000000-0000-0000-0000-000000000000") == nil)
        #expect(QueueCommand.Trace.id("request") == nil)
    }

    @Test("JSON has all of it and no picture")
    func json() throws {
        let id = UUID128(high: 1, low: 2)
        let value = Waterfall([Self.entry("compute", 1, age: 10, waited: 1, served: 2)]).json(id)
        #expect(value["request_id"]?.stringValue == "req-\(id)")
        let message = try #require(value["messages"]?.arrayValue?.first)
        #expect(message["timeline"] == nil)
        #expect(message["number"] == .integer(1))
        #expect(message["outcome"] == .string("reply"))
    }
}
