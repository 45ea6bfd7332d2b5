import Glibc

/// Reads the end of a console log.
enum ConsoleFile {
    /// The most that is ever read.
    static let maximumBytes = 100 * 1024

    /// The last lines of files that follow one another; empty when there are none yet.
    static func tail(_ paths: [String], lines: Int?) -> String {
        let bytes = paths.reduce(into: [UInt8]()) { $0 += end(of: $1) }.suffix(maximumBytes)
        guard let lines else { return String(decoding: bytes, as: UTF8.self) }
        guard lines > 0 else { return "" }
        // By bytes: for a String the end of a terminal's line, CR and LF, is a character of its own.
        let newline = UInt8(ascii: "\n")
        let ends = bytes.indices.dropLast().filter { bytes[$0] == newline }
        let start = ends.count >= lines ? ends[ends.count - lines] + 1 : bytes.startIndex
        return String(decoding: bytes[start...], as: UTF8.self)
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
