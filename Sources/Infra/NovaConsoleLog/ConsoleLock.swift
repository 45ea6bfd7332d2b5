import Glibc

/// Who reads a console: one process at a time, which keeps a file locked as long as it lives.
///
/// The file says which life of the guest is read, so that a reader of an earlier one is not taken for it.
public struct ConsoleLock: ~Copyable {
    private let file: Int32

    private init(owning file: Int32) { self.file = file }
    deinit { close(file) }

    /// The name of the lock of a log.
    public static func path(of log: String) -> String { "\(log).lock" }

    /// Takes the lock, and waits a moment for the reader of an earlier life, which ends.
    ///
    /// - Returns: nil when another one keeps it, at once when that reads the same life.
    public static func take(_ path: String, for life: String, tries: Int = 100) -> ConsoleLock? {
        let file = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard file >= 0 else { return nil }
        let lock = ConsoleLock(owning: file)
        var left = tries
        while flock(file, LOCK_EX | LOCK_NB) != 0 {
            left -= 1
            guard left > 0, text(of: file) != life else { return nil }
            usleep(50_000)
        }
        let text = Array(life.utf8)
        guard ftruncate(file, 0) == 0, pwrite(file, text, text.count, 0) == text.count else { return nil }
        return lock
    }

    /// The life that is being read now; nil when nobody reads.
    public static func holder(_ path: String) -> String? {
        let file = open(path, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { return nil }
        defer { close(file) }
        if flock(file, LOCK_SH | LOCK_NB) == 0 { return nil }
        return text(of: file)
    }

    private static func text(of file: Int32) -> String {
        var bytes = [UInt8](repeating: 0, count: 256)
        let count = pread(file, &bytes, bytes.count, 0)
        return String(decoding: bytes.prefix(max(0, count)), as: UTF8.self)
    }
}
