import Glibc
import NovaCore
import NovaModel
import NovaWire

/// One server's fence log, as it is appended to the host's file.
struct FenceChange: Record, Equatable {
    var server = ServerID.none
    var log = FenceLog()

    init() {}
    init(_ server: ServerID, _ log: FenceLog) {
        self.server = server
        self.log = log
    }

    mutating func fields<V: FieldVisitor>(_ visitor: inout V) {
        visitor.visit("server", &server)
        visitor.visit("log", &log)
    }
}

/// The file to which a compute host appends the fence logs of its servers: four bytes of length (little endian), then a
/// ``FenceChange``; of a server's several the last counts.
///
/// Appending costs a tenth of replacing a file per server: a rename over another makes ext4 place the blocks at once.
/// It blocks, and one thread at a time may write.
final class FenceJournal: Sendable {
    /// The longest change, in bytes.
    static let limit = 1 << 24

    let path: String
    private let file: Int32

    /// Opens the file, or makes it, and takes off what is behind its whole changes, left by a write that did not end.
    init(path: String, bytes: Int) throws {
        self.path = path
        file = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o644)
        guard file >= 0 else { throw HostFiles.failure("open", path) }
        guard ftruncate(file, off_t(bytes)) == 0 else { throw HostFiles.failure("shorten", path) }
    }

    deinit { close(file) }

    /// The servers' logs in a file, and the bytes that whole changes take; none of a file that is not there.
    ///
    /// - Throws: ``NovaError`` `internal` when something in it is no fence log.
    static func read(_ path: String) throws -> (logs: [ServerID: FenceLog], bytes: Int) {
        let content = try HostFiles.read(path, limit: .max) ?? []
        var logs: [ServerID: FenceLog] = [:]
        var at = 0
        while content.count - at >= 4 {
            let length = (0..<4).reduce(0) { $0 | Int(content[at + $1]) << (8 * $1) }
            guard length <= limit else { throw damage(path, at, "a change of \(length) bytes") }
            guard content.count - at - 4 >= length else { break }
            do {
                let change = try FenceChange(decoding: Array(content[(at + 4)..<(at + 4 + length)]))
                logs[change.server] = change.log
            } catch {
                throw damage(path, at, "\(error)")
            }
            at += 4 + length
        }
        return (logs, at)
    }

    /// Appends a change to the file of `bytes`, wholly or not at all.
    ///
    /// - Returns: the file's length after it.
    func append(_ change: FenceChange, at bytes: Int) throws -> Int {
        let frame = Self.frame(change)
        do {
            try HostFiles.append(frame, to: file, path)
            return bytes + frame.count
        } catch {
            // A part of a change must not stay before the next one.
            _ = ftruncate(file, off_t(bytes))
            throw error
        }
    }

    /// Brings what was appended to the disk.
    func sync() throws {
        guard fdatasync(file) == 0 else { throw HostFiles.failure("sync", path) }
    }

    /// Replaces a file by one with these logs only; gives its length.
    static func write(_ logs: [ServerID: FenceLog], to path: String, durable: Bool) throws -> Int {
        let content = logs.flatMap { frame(FenceChange($0.key, $0.value)) }
        try HostFiles.write(content, to: path, durable: durable)
        return content.count
    }

    private static func frame(_ change: FenceChange) -> [UInt8] {
        let body = change.encoded()
        let length = UInt32(clamping: body.count)
        return (0..<4).map { UInt8(truncatingIfNeeded: length >> (8 * $0)) } + body
    }

    private static func damage(_ path: String, _ at: Int, _ cause: String) -> NovaError {
        NovaError(
            .internal, "The compute host's record of past steps is damaged.",
            details: "\(path) at byte \(at): \(cause). When no request for this host is under way, move the file away.")
    }
}
