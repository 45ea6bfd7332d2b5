import Glibc

/// Reads the end of a console log.
enum ConsoleFile {
    /// The most that is ever read.
    static let maximumBytes = 100 * 1024

    /// The last lines of files that follow one another; empty when there are none yet.
    static func tail(_ paths: [String], lines: Int?) -> String {
        let bytes = paths.reduce(into: [UInt8]()) { $0 += end(of: $1) }.suffix(maximumBytes)
        let text = String(decoding: bytes, as: UTF8.self)
        guard let lines else { return text }
        guard lines > 0 else { return "" }
        let endsLine = text.utf8.last == UInt8(ascii: "\n")
        let parts = text.split(separator: "\n", omittingEmptySubsequences: false).dropLast(endsLine ? 1 : 0)
        return parts.suffix(lines).joined(separator: "\n") + (endsLine ? "\n" : "")
    }

    private static func end(of path: String) -> [UInt8] {
        let file = open(path, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { return [] }
        defer { close(file) }
        let size = Int(lseek(file, 0, SEEK_END))
        let start = max(0, size - maximumBytes)
        var bytes = [UInt8](repeating: 0, count: max(0, size - start))
        let count = bytes.withUnsafeMutableBytes { pread(file, $0.baseAddress, $0.count, start) }
        return Array(bytes.prefix(max(0, count)))
    }
}
