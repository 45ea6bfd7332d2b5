import Glibc
import NovaProcess

/// Keeps a guest that prints without end from filling the host's disk where nobody else does.
///
/// virtlogd begins a console's log anew when it is full. Where QEMU writes the log itself, what is old is given back to the
/// file system; the file's name, length and end stay, so that its writer need not know.
enum ConsoleBound {
    /// More than virtlogd ever lets a file be.
    static let limit: Int64 = 16 << 20
    /// What is kept of the end.
    static let kept: Int64 = 1 << 20

    /// How many bytes at the beginning of a file are too many; nil when it takes no more than it may.
    static func excess(_ path: String, limit: Int64 = limit, kept: Int64 = kept) -> Int64? {
        var info = stat()
        guard stat(path, &info) == 0, Int64(info.st_blocks) > limit / 512 else { return nil }
        // Whole blocks: a part of one would be written over with zeros, which gives no space back.
        let excess = (Int64(info.st_size) - kept) / 4096 * 4096
        return excess > 0 ? excess : nil
    }

    /// Frees the beginning of a file that takes too much.
    static func trim(_ path: String, limit: Int64 = limit, kept: Int64 = kept) async throws {
        guard let excess = excess(path, limit: limit, kept: kept) else { return }
        try await CommandRunner.shared.run(
            "fallocate", ["--punch-hole", "--offset", "0", "--length", String(excess), path])
    }
}
