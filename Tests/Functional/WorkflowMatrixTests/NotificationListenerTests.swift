import CloudKit
import CommonTestKit
import NovaCore
import NovaInterfaces
import NovaModel
import NovaRPC
import NovaSchema
import NovaWire
import Synchronization
import Testing

/// A program of somebody else's that listens on the queue.
@Suite("Listeners of notifications", .serialized)
struct NotificationListenerTests {
    private final class Heard: Sendable {
        private let all = Mutex<[Notify]>([])
        func add(_ notification: Notify) { all.withLock { $0.append(notification) } }
        func about(_ id: ServerID) throws -> [(event: String, payload: JSONValue)] {
            try all.withLock { $0 }.compactMap { notification in
                let json = try JSONValue.parse(notification.json.bytes)
                guard json["event_type"]?.stringValue == notification.eventType, let payload = json["payload"],
                    payload["nova_object.data"]?["uuid"]?.stringValue == id.description
                else { return nil }
                return (notification.eventType, payload)
            }
        }
    }

    @Test("whoever has the role listener hears what happens to servers, in order and in Nova's form; nobody else may")
    func listens() async throws {
        var options = TestCloud.Options()
        options.settings = ["notifications.queue_fanout=true"]
        let cloud = try await TestCloud(options)
        do { try await play(cloud) } catch {
            await cloud.stop()
            throw error
        }
        await cloud.stop()
    }

    private func play(_ cloud: TestCloud) async throws {
        let listener = try await cloud.connect(role: "listener")
        let heard = Heard()
        var dispatcher = RPCDispatcher()
        dispatcher.on(Notify.self) { notification, _ in
            heard.add(notification)
            return Nothing()
        }
        try await listener.subscribe(dispatcher, fanout: Notify.topic)
        let id = try await cloud.boot()
        try await cloud.settle(id)
        try await cloud.power(id, .stop)
        try await cloud.settle(id)
        try await cloud.delete(id)
        try await cloud.settle(id)
        let wanted = ["create", "power_off", "delete"].flatMap { ["instance.\($0).start", "instance.\($0).end"] }
        do {
            try await until("all are heard", within: .seconds(10)) {
                try heard.about(id).count >= wanted.count
            }
        } catch { Issue.record("\(try heard.about(id).map(\.event))") }
        let all = try heard.about(id)
        #expect(all.map(\.event) == wanted)
        let created = try #require(all.first { $0.event == "instance.create.end" }?.payload)
        #expect(created["nova_object.name"] == "InstanceCreatePayload" && created["nova_object.version"] == "1.12")
        #expect(created["nova_object.namespace"] == "nova")
        #expect(created["nova_object.data"]?["state"] == "active")
        #expect(all.last?.payload["nova_object.name"] == "InstanceActionPayload")
        // It may listen, and do nothing else.
        let refused = await #expect(throws: NovaError.self) {
            try await listener.call(
                HostList(), to: .topic(HostList.topic), context: .system(), timeout: .seconds(5))
        }
        #expect(refused?.code == .forbidden)
        await listener.close()
    }
}
