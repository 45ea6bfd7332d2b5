public import Logging

/// How and where a program logs.
public struct LogSettings: Sendable {
    /// The form of a line.
    public enum Format: Sendable {
        case text
        /// One JSON object a line.
        case json
    }
    /// The daemon's name, in each line.
    public var program: String
    public var format: Format
    public var level: Logger.Level
    /// A file to append to; nil means standard error.
    public var file: String?

    public init(program: String, format: Format = .text, level: Logger.Level = .info, file: String? = nil) {
        self.program = program
        self.format = format
        self.level = level
        self.file = file
    }
}
