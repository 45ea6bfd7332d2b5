import Foundation
import NovaCore

/// A folder of one test's own, removed with all that is in it when nobody holds it any more.
public final class TemporaryFolder: Sendable {
    public let path: String

    public init() throws {
        path = "/tmp/nova-test-\(UUID128.random())"
        guard mkdir(path, 0o755) == 0 else { throw NovaError(.internal, "cannot make \(path)") }
    }

    deinit { _ = try? FileManager.default.removeItem(atPath: path) }

    /// Writes a file in it.
    public func write(_ text: String, to name: String) throws {
        try Data(text.utf8).write(to: URL(fileURLWithPath: "\(path)/\(name)"))
    }
}
