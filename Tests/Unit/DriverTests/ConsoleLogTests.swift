import CommonTestKit
import Glibc
import NovaProcess
import Testing

@testable import NovaConsoleLog

@Suite("console log")
struct ConsoleLogTests {
    private func text(_ path: String) -> String? {
        let file = open(path, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { return nil }
        defer { close(file) }
        var bytes = [UInt8](repeating: 0, count: 65_536)
        let count = read(file, &bytes, bytes.count)
        return String(decoding: bytes.prefix(max(0, count)), as: UTF8.self)
    }

    @Test("a full file is begun anew, and two of them at most are kept")
    func bounded() throws {
        let folder = try TemporaryFolder()
        let path = "\(folder.path)/log"
        do {
            var log = BoundedLog(path, limit: 10)
            for text in ["aaaa", "bbbb", "cccc", "dddd", "eeee"] {
                let isWhole = log.append(Array(text.utf8)[...])
                #expect(isWhole)
            }
        }
        #expect(text(path) == "eeee")
        #expect(text(BoundedLog.older(path)) == "ccccdddd")
        var again = BoundedLog(path, limit: 10)
        again.append(Array("ffff".utf8)[...])
        #expect(text(path) == "eeeeffff")
        // What is longer than a whole file is kept in one all the same.
        again.append(Array("0123456789abcdef".utf8)[...])
        #expect(text(path) == "0123456789abcdef")
        BoundedLog.remove(path)
        #expect(text(path) == nil && text(BoundedLog.older(path)) == nil)
    }

    @Test("one reader at a time, known by the life that it reads")
    func lock() throws {
        let folder = try TemporaryFolder()
        let path = ConsoleLock.path(of: "\(folder.path)/log")
        #expect(ConsoleLock.holder(path) == nil)
        do {
            let lock = ConsoleLock.take(path, for: "domain 12345", tries: 1)
            #expect(ConsoleLock.holder(path) == "domain 12345")
            #expect(!canTake(path))
            #expect(ConsoleLock.holder(path) == "domain 12345")
            _ = consume lock
        }
        #expect(ConsoleLock.holder(path) == nil)
        #expect(canTake(path))
    }

    /// Takes the lock and gives it back.
    private func canTake(_ path: String) -> Bool {
        switch ConsoleLock.take(path, for: "domain 2", tries: 1) {
        case .some(let lock):
            _ = consume lock
            return true
        case nil: return false
        }
    }

    /// A terminal's two ends.
    private func terminal() throws -> (master: Int32, slave: String) {
        let master = open("/dev/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC)
        try #require(master >= 0)
        var locked: Int32 = 0
        var number: Int32 = 0
        // TIOCSPTLCK and TIOCGPTN: glibc's functions for it are not visible to Swift.
        try #require(ioctl(master, 0x4004_5431, &locked) == 0 && ioctl(master, 0x8004_5430, &number) == 0)
        return (master, "/dev/pts/\(number)")
    }

    @Test("one reader follows another: the text between them is there, and once")
    func successor() async throws {
        let folder = try TemporaryFolder()
        let path = "\(folder.path)/log"
        let (master, name) = try terminal()
        func put(_ text: String) { #expect(write(master, text, text.utf8.count) == text.utf8.count) }
        func reads(_ wanted: String) async throws {
            try await until("\(wanted) in the log") { text(path) == wanted }
        }
        let program = OwnProgram.beside("nova-console-log")
        let debug = access(program, X_OK) == 0 ? program : ".build/debug/nova-console-log"
        func start(_ life: String) throws {
            let slave = open(name, O_RDWR | O_NOCTTY | O_CLOEXEC)
            defer { close(slave) }
            // As libvirt leaves it: raw.
            var settings = termios()
            tcgetattr(slave, &settings)
            cfmakeraw(&settings)
            tcsetattr(slave, TCSANOW, &settings)
            try DetachedProcess.start(Self.absolute(debug), [path, life], input: slave)
        }
        try start("first")
        put("before\n")
        try await reads("before\n")
        let lock = ConsoleLock.path(of: path)
        #expect(ConsoleLock.holder(lock) == "first")
        // The reader dies; what is printed now waits in the kernel.
        try #require(kill(try Self.reader(of: path), SIGKILL) == 0)
        try await until("the end of the reader") { ConsoleLock.holder(lock) == nil }
        put("between\n")
        try start("second")
        put("after\n")
        try await reads("before\nbetween\nafter\n")
        #expect(ConsoleLock.holder(lock) == "second")
        // The guest is gone: the reader ends by itself.
        close(master)
        try await until("the end of the reader without a guest") { ConsoleLock.holder(lock) == nil }
        #expect(text(path) == "before\nbetween\nafter\n")
    }

    private static func absolute(_ path: String) -> String {
        guard !path.hasPrefix("/"), let folder = getcwd(nil, 0) else { return path }
        defer { free(folder) }
        return "\(String(cString: folder))/\(path)"
    }

    /// The process that reads for a log, found by its arguments.
    private static func reader(of log: String) throws -> pid_t {
        let directory = try #require(opendir("/proc"))
        defer { closedir(directory) }
        while let entry = readdir(directory) {
            let name = withUnsafeBytes(of: entry.pointee.d_name) { raw in
                String(decoding: raw.prefix { $0 != 0 }, as: UTF8.self)
            }
            guard let pid = pid_t(name) else { continue }
            let file = open("/proc/\(pid)/cmdline", O_RDONLY | O_CLOEXEC)
            guard file >= 0 else { continue }
            defer { close(file) }
            var bytes = [UInt8](repeating: 0, count: 4096)
            let count = read(file, &bytes, bytes.count)
            let words = bytes.prefix(max(0, count)).split(separator: 0).map { String(decoding: $0, as: UTF8.self) }
            if words.first?.hasSuffix("/nova-console-log") == true, words.dropFirst().first == log { return pid }
        }
        throw ConsoleLogError.noReader
    }

    private enum ConsoleLogError: Error { case noReader }
}
