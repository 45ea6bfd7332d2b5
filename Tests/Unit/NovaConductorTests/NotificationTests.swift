import Glibc
import Logging
import NovaCore
import NovaModel
import NovaSchema
import NovaStore
import NovaTelemetry
import NovaWire
import NovaWorkflow
import Synchronization
import Testing

@testable import NovaConductor

@Suite("Notifications", .timeLimit(.minutes(1)))
struct NotificationTests {
    private static let log = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

    private func event(
        _ phase: WorkflowPhase = .end, kind: String = WorkflowKindName.build, data: [UInt8] = [],
        error: NovaError? = nil
    ) -> WorkflowEvent {
        var server = ServerRecord()
        server.id = .random()
        server.sequence = 42
        server.name = "one \"quoted\""
        server.projectID = ProjectID("p")
        server.userID = UserID("u")
        server.vmState = .active
        server.powerState = .running
        server.flavor.name = "m1.tiny"
        server.flavor.vcpus = 2
        server.metadata = ["color": "red"]
        server.keyName = "k"
        server.userData = "s3cret"
        var port = PortBinding()
        port.portID = .random()
        port.mac = "fa:16:3e:00:00:01"
        port.fixedIP = "10.0.0.5"
        server.network = NetworkInfo([port])
        let context = RequestContext(
            requestID: "req-1", userID: UserID("admin"), projectID: ProjectID("p2"), roles: [], isAdmin: true)
        var workflow = WorkflowRecord(kind: kind, server: server.id, context: context, data: data)
        if let error { workflow.error = WorkflowError(error) }
        return WorkflowEvent(phase, workflow, server)
    }

    private func json(_ event: WorkflowEvent) throws -> JSONValue {
        try JSONValue.parse(NotificationPayload(publisher: "nova-conductor:ctl", event: event).json)
    }

    @Test func aCreationAsNovaWritesIt() throws {
        let event = event()
        let json = try json(event)
        #expect(json["event_type"]?.stringValue == "instance.create.end")
        #expect(json["priority"]?.stringValue == "INFO")
        #expect(json["publisher_id"]?.stringValue == "nova-conductor:ctl")
        let payload = json["payload"]
        #expect(payload?["nova_object.name"]?.stringValue == "InstanceCreatePayload")
        #expect(payload?["nova_object.namespace"]?.stringValue == "nova")
        #expect(payload?["nova_object.version"]?.stringValue == "1.12")
        let data = try #require(payload?["nova_object.data"])
        #expect(data["uuid"]?.stringValue == event.server.id.description)
        #expect(data["display_name"]?.stringValue == "one \"quoted\"")
        #expect(data["state"]?.stringValue == "active" && data["power_state"]?.stringValue == "running")
        #expect(data["request_id"]?.stringValue == "req-1")
        #expect(data["action_initiator_user"]?.stringValue == "admin")
        #expect(data["instance_name"]?.stringValue == "instance-0000002a")
        #expect(data["metadata"]?["color"]?.stringValue == "red")
        #expect(data["fault"] == .null)
        let flavor = data["flavor"]
        #expect(flavor?["nova_object.name"]?.stringValue == "FlavorPayload")
        #expect(flavor?["nova_object.data"]?["vcpus"]?.integerValue == 2)
        let address = data["ip_addresses"]?.arrayValue?.first?["nova_object.data"]
        #expect(address?["address"]?.stringValue == "10.0.0.5" && address?["version"]?.integerValue == 4)
        // What a server is told at its boot is nobody else's affair.
        #expect(
            !String(decoding: NotificationPayload(publisher: "p", event: event).json, as: UTF8.self).contains("s3cret"))
    }

    @Test func aFailureSaysWhy() throws {
        let json = try json(
            event(.error, kind: WorkflowKindName.rebuild, error: NovaError(.conflict, "no", details: "d")))
        #expect(json["event_type"]?.stringValue == "instance.rebuild.error")
        #expect(json["priority"]?.stringValue == "ERROR")
        #expect(json["payload"]?["nova_object.name"]?.stringValue == "InstanceActionPayload")
        let fault = json["payload"]?["nova_object.data"]?["fault"]
        #expect(fault?["nova_object.name"]?.stringValue == "ExceptionPayload")
        #expect(fault?["nova_object.data"]?["exception_message"]?.stringValue == "no")
    }

    @Test func theSameMomentHasTheSameID() throws {
        var event = event()
        let first = try json(event)["message_id"]?.stringValue
        #expect(try json(event)["message_id"]?.stringValue == first)
        event.phase = .start
        #expect(try json(event)["message_id"]?.stringValue != first)
    }

    @Test(arguments: [
        ("create", "create"), ("delete", "delete"), ("start", "power_on"), ("stop", "power_off"), ("reboot", "reboot"),
        ("softDelete", "soft_delete"), ("trigger_crash_dump", "trigger_crash_dump"), ("createImage", "snapshot"),
        ("createBackup", "snapshot"), ("resize", "resize"), ("migrate", "resize"), ("confirmResize", "resize_confirm"),
        ("revertResize", "resize_revert"), ("shelveOffload", "shelve_offload"), ("unshelve", "unshelve"),
        ("attach_interface", "interface_attach"), ("detach_interface", "interface_detach"), ("pause", "pause"),
    ])
    func names(action: String, name: String) { #expect(NotificationName.action(action) == name) }

    // MARK: Lines

    private final class Sink: NotificationSink {
        let name = "test"
        let failures: Mutex<Int>
        let taken = Mutex<[String]>([])
        let isSlow: Bool

        init(failures: Int = 0, isSlow: Bool = false) {
            self.failures = Mutex(failures)
            self.isSlow = isSlow
        }

        func take(_ notification: NovaConductor.Notification) async throws {
            if isSlow { try await Task.sleep(for: .seconds(600)) }
            let fails = failures.withLock { left in
                left -= 1
                return left >= 0
            }
            if fails { throw NovaError(.unavailable, "no") }
            taken.withLock { $0.append(notification.eventType) }
        }
    }

    private func run(_ sink: Sink, _ effort: NotificationLine.Effort, count: Int) async -> MetricsRegistry {
        let metrics = MetricsRegistry()
        let line = NotificationLine(sink, effort, metrics, Self.log)
        for number in 0..<count {
            line.put(NovaConductor.Notification(eventType: "\(number)", json: [], requestID: ""))
        }
        line.finish()
        await line.run()
        return metrics
    }

    private func effort(limit: Int = 100, tries: Int = 3) -> NotificationLine.Effort {
        NotificationLine.Effort(limit: limit, timeout: .milliseconds(50), tries: tries, pause: .milliseconds(1))
    }

    @Test func inOrderAndTriedAgain() async {
        let sink = Sink(failures: 2)
        let text = await run(sink, effort(), count: 3).render()
        #expect(sink.taken.withLock { $0 } == ["0", "1", "2"])
        #expect(text.contains("nova_notifications_sent_total{sink=\"test\"} 3"))
        #expect(text.contains("nova_notifications_lost_total{cause=\"not_taken\",sink=\"test\"} 0"))
    }

    @Test func whatIsNotTakenIsLostAndCounted() async {
        let sink = Sink(failures: 2)
        let text = await run(sink, effort(tries: 2), count: 2).render()
        #expect(sink.taken.withLock { $0 } == ["1"])
        #expect(text.contains("nova_notifications_lost_total{cause=\"not_taken\",sink=\"test\"} 1"))
    }

    @Test func aFullLineLosesTheNewest() async {
        let sink = Sink()
        let text = await run(sink, effort(limit: 2), count: 5).render()
        #expect(sink.taken.withLock { $0 } == ["0", "1"])
        #expect(text.contains("nova_notifications_lost_total{cause=\"queue_full\",sink=\"test\"} 3"))
    }

    @Test func aSinkThatStandsStillIsLeftAtItsDeadline() async {
        let sink = Sink(isSlow: true)
        let started = ContinuousClock.now
        let text = await run(sink, effort(tries: 2), count: 2).render()
        #expect(text.contains("nova_notifications_lost_total{cause=\"not_taken\",sink=\"test\"} 2"))
        #expect(started.duration(to: .now) < .seconds(20))
    }

    @Test func aFileGetsALineEach() async throws {
        let path = "/tmp/nova-notifications-\(UUID128.random())"
        defer { unlink(path) }
        let sink = NotificationFile(path: path)
        for text in ["{\"a\":1}", "{\"b\":2}"] {
            try await sink.take(
                NovaConductor.Notification(eventType: "x", json: Array(text.utf8), requestID: ""))
        }
        let file = open(path, O_RDONLY)
        defer { close(file) }
        var bytes = [UInt8](repeating: 0, count: 100)
        let count = read(file, &bytes, bytes.count)
        #expect(String(decoding: bytes.prefix(max(0, count)), as: UTF8.self) == "{\"a\":1}\n{\"b\":2}\n")
        await #expect {
            try await NotificationFile(path: "/nonexistent/x").take(
                NovaConductor.Notification(eventType: "x", json: [], requestID: ""))
        } throws: { NovaError($0).code == .unavailable }
    }
}
