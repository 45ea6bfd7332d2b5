import Glibc

/// A file that takes down text and is begun anew when it is full; the full one stays beside it as `NAME.1`.
public struct BoundedLog: ~Copyable {
    private let path: String
    private let limit: Int
    private var file: Int32 = -1
    private var size = 0

    /// Goes on with the file that is there.
    ///
    /// - Parameter limit: bytes; both files together take twice as many.
    public init(_ path: String, limit: Int) {
        self.path = path
        self.limit = max(1, limit)
        open()
    }

    deinit { if file >= 0 { close(file) } }

    /// The name of the full file beside a log.
    public static func older(_ path: String) -> String { "\(path).1" }

    /// Removes a log with what is beside it.
    public static func remove(_ path: String) {
        unlink(path)
        unlink(older(path))
    }

    /// Appends text.
    ///
    /// - Returns: false when the disk did not take all of it: the rest is lost, as whoever prints cannot wait.
    @discardableResult
    public mutating func append(_ bytes: ArraySlice<UInt8>) -> Bool {
        if size > 0, size + bytes.count > limit {
            rename(path, Self.older(path))
            if file >= 0 { close(file) }
            open()
        }
        var rest = bytes
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Glibc.write(file, $0.baseAddress, $0.count) }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { return false }
            rest = rest.dropFirst(count)
            size += count
        }
        return true
    }

    private mutating func open() {
        file = Glibc.open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o600)
        size = file >= 0 ? Int(max(0, lseek(file, 0, SEEK_END))) : 0
    }
}
