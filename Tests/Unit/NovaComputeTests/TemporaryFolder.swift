import Glibc
import NovaCore

/// A folder of one test's own, removed at its end.
final class TemporaryFolder: Sendable {
    let path: String

    init() throws {
        path = "/tmp/nova-test-\(UUID128.random())"
        guard mkdir(path, 0o755) == 0 else { throw NovaError(.internal, "cannot make \(path)") }
    }

    deinit { Self.remove(path) }

    func write(_ text: String, to name: String) throws {
        guard let file = fopen("\(path)/\(name)", "w") else { throw NovaError(.internal, "cannot write \(name)") }
        fputs(text, file)
        fclose(file)
    }

    private static func remove(_ path: String) {
        if let directory = opendir(path) {
            while let entry = readdir(directory) {
                let name = withUnsafeBytes(of: entry.pointee.d_name) { raw in
                    String(decoding: raw.prefix { $0 != 0 }, as: UTF8.self)
                }
                if name != ".", name != ".." { remove("\(path)/\(name)") }
            }
            closedir(directory)
            rmdir(path)
        } else {
            unlink(path)
        }
    }
}
