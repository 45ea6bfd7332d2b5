import ArgumentParser
import NovaCore
import NovaMessaging
import NovaRPC
import NovaSchema

extension QueueCommand {
    struct Trace: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Shows a request and the messages that worked for it on a line of time.",
            discussion: """
                The id is that of the answer's X-Openstack-Request-Id, of each log line, and of workflow show. In the line \
                '.' is waiting for a worker and '=' is the worker's time. Brokers keep their last 20,000 messages.
                """)
        @OptionGroup var queue: QueueOptions
        @OptionGroup var output: OutputOptions
        @Argument(help: "The request's id: req-UUID, or the UUID alone.") var request: String

        func run() async throws {
            guard let id = Self.id(request) else {
                throw ValidationError("'\(request)' is no request's id: it is req- and a UUID.")
            }
            try await queue.with { bus in
                let entries = try await queue.ask { try await bus.trace(id) }
                guard !entries.isEmpty else {
                    throw NovaError(
                        .notFound, "No broker remembers a message of req-\(id).",
                        details: "they keep the last 20,000 since their start")
                }
                let waterfall = Waterfall(entries)
                guard !output.json else { return Console.write(waterfall.json(id).text) }
                Console.write("req-\(id): \(waterfall.summary)")
                output.show(waterfall.rows, Waterfall.columns)
            }
        }

        /// The trace of a request's id, with or without its prefix; zeros are those of messages without a request.
        static func id(_ text: String) -> UUID128? {
            let id = UUID128(text.hasPrefix("req-") ? text.dropFirst(4) : Substring(text))
            return id == UUID128(high: 0, low: 0) ? nil : id
        }
    }
}
