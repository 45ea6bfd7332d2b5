public import Logging
import NovaCore
import Synchronization

/// The log handler of every daemon: one line per event with the request id of the current task.
public struct NovaLogHandler: LogHandler {
    public var metadata: Logger.Metadata = [:]
    public var metadataProvider: Logger.MetadataProvider?
    public var logLevel: Logger.Level
    private let label: String
    private let settings: LogSettings
    private let write: @Sendable ([UInt8]) -> Void

    /// A handler that hands each finished line, with its newline, to a closure.
    public init(label: String, settings: LogSettings, write: @escaping @Sendable ([UInt8]) -> Void) {
        self.label = label
        self.settings = settings
        self.write = write
        logLevel = settings.level
    }

    public subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    public func log(event: LogEvent) {
        var all = event.metadata ?? [:]
        if let provided = metadataProvider?.get() { all.merge(provided) { own, _ in own } }
        if !metadata.isEmpty { all.merge(metadata) { own, _ in own } }
        if let error = event.error { all["error"] = .string(String(describing: error)) }
        let line = LogLine(
            time: .now(), level: event.level, program: settings.program, label: label,
            message: event.message.description,
            fields: all.map { ($0.key, $0.value.description) }.sorted { $0.0 < $1.0 },
            request: RequestContext.current)
        write(line.bytes(settings.format))
    }

    private static let started = Atomic<Bool>(false)

    /// Makes this the handler of the whole process.
    ///
    /// Only the first call has an effect.
    ///
    /// - Throws: `badRequest` when the log file cannot be opened.
    public static func bootstrap(_ settings: LogSettings) throws {
        let sink = try settings.file.map { try LogSink(file: $0) } ?? LogSink()
        guard !started.exchange(true, ordering: .relaxed) else { return }
        LoggingSystem.bootstrap { label in
            NovaLogHandler(label: label, settings: settings) { sink.write($0) }
        }
    }
}
