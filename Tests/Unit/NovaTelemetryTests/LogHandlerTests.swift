import Logging
import NovaCore
import NovaTelemetry
import Synchronization
import Testing

@Suite struct LogHandlerTests {
    /// Collects finished lines.
    private final class Lines: Sendable {
        private let lines = Mutex<[String]>([])
        func add(_ bytes: [UInt8]) { lines.withLock { $0.append(String(decoding: bytes, as: UTF8.self)) } }
        var all: [String] { lines.withLock { $0 } }
    }

    private func logger(_ lines: Lines, _ format: LogSettings.Format, label: String = "nova-api") -> Logger {
        let settings = LogSettings(program: "nova-api", format: format)
        return Logger(label: label) { NovaLogHandler(label: $0, settings: settings) { lines.add($0) } }
    }

    @Test func writesOneLineOfText() throws {
        let lines = Lines()
        let log = logger(lines, .text)
        let context = RequestContext(
            requestID: "req-1", userID: UserID("ann"), projectID: ProjectID("demo"))
        RequestContext.$current.withValue(context) {
            log.info("two\nlines \u{1B}[31m", metadata: ["b": "x y", "a": "1"])
        }
        let line = try #require(lines.all.first)
        #expect(line.hasSuffix(" INFO nova-api [req-1 ann demo] two\\nlines \\u001b[31m a=1 b=\"x y\"\n"))
        #expect(Timestamp(iso8601: String(line.prefix { $0 != " " })) != nil)
    }

    @Test func marksLinesOfNoRequest() throws {
        let lines = Lines()
        logger(lines, .text, label: "broker").warning("full")
        #expect(try #require(lines.all.first).hasSuffix(" WARNING nova-api/broker [-] full\n"))
    }

    @Test func writesOneObjectOfJSON() throws {
        let lines = Lines()
        var log = logger(lines, .json)
        log[metadataKey: "host"] = "h1"
        RequestContext.$current.withValue(RequestContext(requestID: "req-2")) { log.error("a \"b\"\n") }
        let line = try #require(lines.all.first)
        #expect(line.hasPrefix("{\"time\":\""))
        #expect(
            line.hasSuffix(
                "\"level\":\"error\",\"program\":\"nova-api\",\"logger\":\"nova-api\",\"message\":\"a \\\"b\\\"\\n\","
                    + "\"request_id\":\"req-2\",\"fields\":{\"host\":\"h1\"}}\n"))
    }

    @Test func leavesLowLevelsOut() {
        let lines = Lines()
        var log = logger(lines, .text)
        log.debug("unseen")
        log.logLevel = .debug
        log.debug("seen")
        #expect(lines.all.count == 1)
    }

    @Test func namesTheFileThatCannotBeOpened() {
        let error = NovaError(.badRequest, "Cannot open the log file /nowhere/x.log: No such file or directory.")
        #expect(throws: error) { try NovaLogHandler.bootstrap(LogSettings(program: "x", file: "/nowhere/x.log")) }
    }
}
