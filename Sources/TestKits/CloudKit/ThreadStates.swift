#if DEBUG
import Glibc

/// What the kernel says of the other threads of this process; asked thousands of times a second.
struct ThreadStates: ~Copyable {
    /// As much of a file as is looked at.
    private static let length = 40
    /// Descriptors of the threads' `stat` files.
    private var files: [Int32] = []
    /// How many threads there were when they were listed.
    private var count: nlink_t = 0

    deinit { for file in files { close(file) } }

    /// Whether no other thread runs, wants to, or waits for a disk.
    mutating func allWait() -> Bool {
        var folder = stat()
        guard stat("/proc/self/task", &folder) == 0 else { return false }
        if folder.st_nlink != count {
            list()
            count = folder.st_nlink
        }
        return withUnsafeTemporaryAllocation(of: UInt8.self, capacity: Self.length) { buffer in
            guard let start = buffer.baseAddress else { return false }
            for file in files {
                // The letter behind the name in brackets, which has at most 15 bytes.
                var place = pread(file, start, Self.length, 0) - 3
                while place > 0, start[place] != UInt8(ascii: ")") { place -= 1 }
                guard place > 0 else {
                    // One has ended, and another may have begun.
                    count = 0
                    return false
                }
                let letter = start[place + 2]
                if letter == UInt8(ascii: "R") || letter == UInt8(ascii: "D") { return false }
            }
            return true
        }
    }

    private mutating func list() {
        for file in files { close(file) }
        let own = Self.ownThread()
        files = TestCloud.names(in: "/proc/self/task").filter { $0 != own }.compactMap { thread in
            let file = open("/proc/self/task/\(thread)/stat", O_RDONLY | O_CLOEXEC)
            return file < 0 ? nil : file
        }
    }

    private static func ownThread() -> String {
        var path = [CChar](repeating: 0, count: 64)
        let count = readlink("/proc/thread-self", &path, path.count)
        let text = String(decoding: path.prefix(max(0, count)).map { UInt8(bitPattern: $0) }, as: UTF8.self)
        return text.split(separator: "/").last.map(String.init) ?? ""
    }
}
#endif
