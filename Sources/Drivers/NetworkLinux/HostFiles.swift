import Glibc
import NovaCore

/// Small files of the driver.
///
/// Every function blocks: call it on ``HostCommands/files``.
enum HostFiles {
    /// Makes a folder and those above it.
    static func makeFolder(_ path: String) throws {
        var at = path.hasPrefix("/") ? "" : "."
        for part in path.split(separator: "/") {
            at += "/\(part)"
            guard mkdir(at, 0o755) == 0 || errno == EEXIST else { throw failure("make", at) }
        }
    }

    /// The file's text; nil when there is none.
    static func read(_ path: String) -> String? { bytes(path).map { String(decoding: $0, as: UTF8.self) } }

    /// The file's bytes, up to 64 MB; nil when there is none.
    static func bytes(_ path: String) -> [UInt8]? {
        let file = open(path, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { return nil }
        defer { close(file) }
        var content: [UInt8] = []
        while content.count < 64 << 20 {
            let chunk = [UInt8](unsafeUninitializedCapacity: 65_536) { buffer, count in
                count = max(0, Glibc.read(file, buffer.baseAddress, buffer.count))
            }
            if chunk.isEmpty { break }
            content += chunk
        }
        return content
    }

    /// Replaces a file: a reader sees the old text or the new one, never a part.
    static func write(_ path: String, _ text: String) throws {
        let draft = path + ".new"
        let file = open(draft, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
        guard file >= 0 else { throw failure("write", draft) }
        let bytes = Array(text.utf8)
        var sent = 0
        while sent < bytes.count {
            let count = bytes.withUnsafeBytes {
                Glibc.write(file, $0.baseAddress?.advanced(by: sent), bytes.count - sent)
            }
            guard count > 0 || errno == EINTR else {
                close(file)
                throw failure("write", draft)
            }
            sent += max(0, count)
        }
        close(file)
        guard rename(draft, path) == 0 else { throw failure("replace", path) }
    }

    /// The names in a folder, sorted; none when there is no such folder.
    static func names(in path: String) -> [String] { FolderNames.orNone(path) }

    /// Removes the driver's files of one network, and their folder; nothing else in it is touched.
    static func removeFiles(_ names: [String], in folder: String) {
        for name in names { unlink("\(folder)/\(name)") }
        rmdir(folder)
    }

    private static func failure(_ action: String, _ path: String) -> NovaError {
        NovaError(
            .internal, "The network service cannot write its state.",
            details: "\(action) \(path): \(String(cString: strerror(errno)))")
    }
}
