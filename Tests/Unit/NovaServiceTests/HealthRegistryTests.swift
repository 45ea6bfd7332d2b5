import NovaCore
import NovaHTTP
import Synchronization
import Testing

@testable import NovaService

@Suite("Readiness of a process")
struct HealthRegistryTests {
    @Test("a process in which no part has registered is not ready")
    func empty() {
        let health = HealthRegistry()
        #expect(!health.isReady)
        #expect(health.text == "not ready: no part has registered yet\n")
        #expect(MonitoringListener.readiness(health).status == 503)
    }

    @Test("it is ready once every part is, and not before")
    func allParts() {
        let health = HealthRegistry()
        let http = health.part("nova-api/http", waitsFor: "does not listen yet")
        let database = health.part("nova-api/database", waitsFor: "is being opened")
        #expect(!health.isReady)
        database.ready()
        #expect(!health.isReady)
        http.ready()
        #expect(health.isReady)
        #expect(MonitoringListener.readiness(health).status == 200)
        #expect(health.text.hasPrefix("ready\n"))
        #expect(health.report.map(\.component) == ["nova-api/database", "nova-api/http"])
    }

    @Test("a part that failed takes the readiness away, one that could be better does not", arguments: [true, false])
    func laterStates(fails: Bool) {
        let health = HealthRegistry()
        let part = health.part("nova-compute/report", waitsFor: "nothing was accepted yet")
        part.ready()
        part.set(fails ? .failed("no conductor") : .degraded("no conductor"))
        #expect(health.isReady == !fails)
        part.ready()
        #expect(health.isReady)
    }

    @Test("the answer names the parts that are not ready first, each with its cause")
    func text() throws {
        let health = HealthRegistry()
        health.part("a", waitsFor: "-").ready()
        _ = health.part("b", waitsFor: "does not listen yet")
        health.part("c", waitsFor: "-").set(.failed("no broker answers"))
        let lines = health.text.split(separator: "\n").map(String.init)
        #expect(lines.count == 4)
        #expect(lines[0] == "not ready: 2 of 3 parts")
        #expect(lines[1].hasPrefix("b starting since ") && lines[1].hasSuffix(": does not listen yet"))
        #expect(lines[2].hasPrefix("c failed since ") && lines[2].hasSuffix(": no broker answers"))
        #expect(lines[3].hasPrefix("a ready since "))
        #expect(health.obstacles == "b: does not listen yet; c: no broker answers")
    }

    @Test("a report of the same state keeps its time")
    func since() throws {
        let health = HealthRegistry()
        health.set("a", .failed("x"))
        let first = try #require(health.report.first)
        health.set("a", .failed("x"))
        #expect(health.report == [first])
        health.remove("a")
        #expect(health.report.isEmpty)
    }

    @Test("an observer hears of the process as a whole only")
    func observer() {
        let health = HealthRegistry()
        let heard = Log()
        health.onChange { heard.note($0.isReady) }
        let parts = ["a", "b"].map { health.part($0, waitsFor: "-") }
        parts[0].ready()
        parts[1].ready()
        parts[0].set(.degraded("slow"))
        parts[1].set(.failed("gone"))
        parts[0].set(.failed("gone"))
        #expect(heard.notes == [true, false])
    }

    @Test("reports from many tasks are all kept")
    func concurrent() async {
        let health = HealthRegistry()
        await withTaskGroup(of: Void.self) { group in
            for number in 0..<100 {
                group.addTask {
                    let part = health.part("part-\(number)", waitsFor: "-")
                    part.ready()
                }
            }
        }
        #expect(health.report.count == 100)
        #expect(health.isReady)
    }
}

/// What an observer heard.
private final class Log: Sendable {
    private let list = Mutex<[Bool]>([])

    var notes: [Bool] { list.withLock { $0 } }

    func note(_ value: Bool) { list.withLock { $0.append(value) } }
}
