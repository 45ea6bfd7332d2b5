import Glibc

/// Reads the end of a console log.
enum ConsoleFile {
    /// The most that is ever read.
    static let maximumBytes = 100 * 1024

    /// The last lines of a file; empty when there is no file yet.
    static func tail(_ path: String, lines: Int?) -> String {
        let file = open(path, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { return "" }
        defer { close(file) }
        let size = Int(lseek(file, 0, SEEK_END))
        let start = max(0, size - maximumBytes)
        var bytes = [UInt8](repeating: 0, count: max(0, size - start))
        let count = bytes.withUnsafeMutableBytes { pread(file, $0.baseAddress, $0.count, start) }
        let text = String(decoding: bytes.prefix(max(0, count)), as: UTF8.self)
        guard let lines else { return text }
        guard lines > 0 else { return "" }
        let endsLine = text.utf8.last == UInt8(ascii: "\n")
        let parts = text.split(separator: "\n", omittingEmptySubsequences: false).dropLast(endsLine ? 1 : 0)
        return parts.suffix(lines).joined(separator: "\n") + (endsLine ? "\n" : "")
    }
}
