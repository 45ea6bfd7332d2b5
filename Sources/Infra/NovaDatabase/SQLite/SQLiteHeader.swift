import Glibc
import NovaCore

/// The schema version that a SQLite file says it has, read without opening it as a database.
///
/// The header's `user_version` stands in page 1, and the newest page 1 may still be in the write-ahead log.
struct SQLiteHeader {
    /// Nil when there is no file.
    let version: Int?

    init(path: String) throws {
        guard let header = try Self.bytes(path, at: 0, count: 100) else {
            version = nil
            return
        }
        guard header.count == 100, header.starts(with: Array("SQLite format 3\0".utf8)) else {
            guard header.isEmpty else { throw NovaError(.malformed, "\(path) is no SQLite file.") }
            version = 0
            return
        }
        version = try Self.loggedVersion(path + "-wal") ?? Self.number(header, 60)
    }

    /// The version in the last page 1 of the write-ahead log; nil when the log has none.
    private static func loggedVersion(_ path: String) throws -> Int? {
        guard let header = try bytes(path, at: 0, count: 32), header.count == 32 else { return nil }
        let page = number(header, 8)
        let salts = header[16..<24]
        guard (512...65536).contains(page) else { return nil }
        var found: Int?
        var offset = 32
        while let frame = try bytes(path, at: offset, count: 24 + 64), frame.count == 88 {
            guard frame[8..<16].elementsEqual(salts) else { break }  // frames of before the last reset
            if number(frame, 0) == 1 { found = number(frame, 24 + 60) }
            offset += 24 + page
        }
        return found
    }

    private static func number(_ bytes: [UInt8], _ at: Int) -> Int {
        bytes[at..<at + 4].reduce(0) { $0 << 8 | Int($1) }
    }

    private static func bytes(_ path: String, at offset: Int, count: Int) throws -> [UInt8]? {
        let file = open(path, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else {
            if errno == ENOENT { return nil }
            throw NovaError(.badRequest, "Cannot read \(path): \(String(cString: strerror(errno))).")
        }
        defer { close(file) }
        return [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
            filled = max(0, pread(file, buffer.baseAddress, count, off_t(offset)))
        }
    }
}
