import ArgumentParser
import NovaCore
import NovaInterfaces
import NovaMessaging
import NovaRPC
import NovaSchema
import NovaService
import NovaWire
import Synchronization

struct NotificationsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "notifications", abstract: "What the cloud tells of what happens to servers.",
        subcommands: [Listen.self])

    struct Listen: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Listens on the queue and prints each notification until Ctrl-C.",
            discussion: """
                Conductors send them with [notifications] queue_fanout = true. The keys are of the role listener, which may \
                do nothing else: novactl queue keygen --role listener --host NAME FILE, then queue authorize FILE. \
                With --json each line is a versioned notification as Nova sends it. Nothing is kept for those who are away.
                """)
        @OptionGroup var queue: QueueOptions
        @OptionGroup var output: OutputOptions
        @ArgumentParser.Option(help: "Only events whose name begins so, such as instance.create.") var event = ""
        @ArgumentParser.Option(help: "End after so many.") var count: Int?

        func validate() throws {
            if let count, count < 1 { throw ValidationError("--count is at least 1.") }
        }

        func run() async throws {
            try await queue.with(role: "listener") { bus in
                let (heard, input) = AsyncStream.makeStream(of: Notify.self, bufferingPolicy: .bufferingOldest(10_000))
                var dispatcher = RPCDispatcher()
                dispatcher.on(Notify.self) { notification, _ in
                    if case .dropped = input.yield(notification) { Self.tellOfLost(1) }
                    return Nothing()
                }
                try await bus.subscribe(dispatcher, fanout: Notify.topic, missed: Self.tellOfLost)
                Console.complain("listening; Ctrl-C ends")
                let stop = Task {
                    await ToolSupport.untilStopped()
                    input.finish()
                }
                defer { stop.cancel() }
                await show(heard)
            }
        }

        private func show(_ heard: AsyncStream<Notify>) async {
            if !output.json { Console.write(Self.line("Time", "Event", "Server ID", "State", "Host", "Server")) }
            var left = count ?? .max
            for await notification in heard where notification.eventType.hasPrefix(event) {
                let text = String(decoding: notification.json.bytes, as: UTF8.self)
                Console.write(output.json ? text : Self.line(notification.eventType, text))
                left -= 1
                if left == 0 { return }
            }
        }

        /// What people want of a notification, on one line.
        static func line(_ event: String, _ text: String) -> String {
            let json = (try? JSONValue.parse(text: text)) ?? .null  // what cannot be read still was an event
            let data = json["payload"]?["nova_object.data"]
            return line(
                json["timestamp"]?.cell ?? "-", event, data?["uuid"]?.cell ?? "-", data?["state"]?.cell ?? "-",
                data?["host"]?.cell ?? "-", data?["display_name"]?.cell ?? "-")
        }

        private static func line(
            _ time: String, _ event: String, _ id: String, _ state: String, _ host: String, _ name: String
        ) -> String {
            func wide(_ text: String, _ width: Int) -> String {
                text + String(repeating: " ", count: max(0, width - text.count))
            }
            return
                "\(wide(time, 26))  \(wide(event, 36))  \(wide(id, 36))  \(wide(state, 10))  \(wide(host, 16))  \(name)"
        }

        @Sendable private static func tellOfLost(_ number: UInt64) {
            Console.complain(number == 0 ? "novactl: some were missed" : "novactl: \(number) were missed")
        }
    }
}
