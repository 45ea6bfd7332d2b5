import Glibc
import NovaCore
import NovaDatabase
import Testing

@Suite struct FileLockTests {
    /// Whether this process holds a POSIX lock on a file, as the kernel says.
    private func isLocked(_ path: String) throws -> Bool {
        var info = stat()
        try #require(stat(path, &info) == 0)
        let file = try #require(fopen("/proc/locks", "re"))
        defer { fclose(file) }
        var line = [CChar](repeating: 0, count: 512)
        while fgets(&line, 512, file) != nil {
            let text = String(decoding: line.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
            let words = text.split(separator: " ").map(String.init)
            if words.contains("POSIX"), words.contains("\(getpid())"), text.contains(":\(info.st_ino) ") { return true }
        }
        return false
    }

    /// Without the lock another process that stops would remove the write-ahead log under this one, and each would
    /// go on with data of its own.
    @Test func furtherConnectionsLeaveTheLocksOfTheFirst() async throws {
        let scratch = try Scratch()
        let first = try scratch.open()
        try await first.write { try $0.execute("INSERT INTO owners (id) VALUES (1)") }
        #expect(try isLocked(scratch.path))
        let second = try scratch.open()
        #expect(try await second.read { try $0.rows("SELECT id FROM owners") { try $0.int(0) } } == [1])
        #expect(try isLocked(scratch.path))
        await second.close()
        #expect(try await first.read { try $0.rows("SELECT id FROM owners") { try $0.int(0) } } == [1])
        await first.close()
    }
}
