import Glibc
import NovaCore
import Synchronization

/// The policy of a running service: the defaults of its operations under the rules of a file, read again when the
/// file changes.
///
/// A changed file that cannot be read or has a rule that is not valid changes nothing: the rules before it stay.
public final class PolicySource: Sendable {
    /// What became of a look at the file.
    public enum Outcome: Sendable, Equatable {
        case unchanged
        case loaded
        /// The rules stay as they were; why.
        case refused(String)
    }

    /// What tells one content of the file from another without reading it.
    private struct Stamp: Equatable {
        var inode: UInt
        var size: Int
        var seconds: Int
        var nanoseconds: Int
    }
    private struct State {
        var policy: Policy
        var defaults: [String: PolicyDefault] = [:]
        var stamp: Stamp?
        var problem: String?
    }
    /// A longer file is no policy.
    private static let maximumSize = 4 << 20

    /// The file that overrides rules; empty for none.
    public let path: String
    private let state: Mutex<State>

    /// Rules of the service's own beside the defaults of its operations, and no file.
    ///
    /// - Throws: ``NovaError`` `badRequest` naming the rule that is not valid.
    public convenience init(base: [String: String]) throws { try self.init(path: "", base: base) }

    /// No rules but the operations' defaults.
    public init() {
        path = ""
        state = Mutex(State(policy: Policy()))
    }

    /// The rules of a file over `base`; without the file there are no overrides.
    ///
    /// - Throws: ``NovaError`` `badRequest` for a file with a rule that is not valid, `unavailable` for one that
    ///   cannot be read: a service does not start with other rules than it was given.
    public init(path: String, base: [String: String] = [:]) throws {
        self.path = path
        let stamp = Self.stamp(path)
        var state = State(policy: try Self.load(path, defaults: base))
        state.defaults = Dictionary(uniqueKeysWithValues: base.map { ($0, PolicyDefault(name: $0, check: $1)) })
        state.stamp = stamp
        self.state = Mutex(state)
    }

    /// The rules as they are now.
    public var current: Policy { state.withLock { $0.policy } }

    /// Why the file is not in force; nil when it is.
    public var problem: String? { state.withLock { $0.problem } }

    /// Every rule, by name: those that others build upon, those of operations, those of the file.
    public var rules: [PolicyRule] {
        let (policy, defaults) = state.withLock { ($0.policy, $0.defaults) }
        return policy.names.map { name in
            let known = defaults[name]
            return PolicyRule(
                name: name, check: policy.text(of: name) ?? "", standard: known?.check ?? Policy.baseRules[name],
                operations: known?.operations ?? [], summary: known?.summary ?? "")
        }
    }

    /// Adds default rules; of two for one name the first counts, and decides about both's operations.
    ///
    /// - Throws: ``NovaError`` `badRequest` naming the rule that is not valid.
    public func add(defaults: [PolicyDefault]) throws {
        try state.withLock { state in
            for new in defaults {
                if state.defaults[new.name] == nil {
                    state.defaults[new.name] = new
                } else {
                    state.defaults[new.name]?.operations += new.operations
                }
            }
            state.policy = try state.policy.adding(defaults: state.defaults.mapValues(\.check))
        }
    }

    /// Looks whether the file has changed, and takes its rules when they are valid.
    public func refresh() -> Outcome {
        if path.isEmpty { return .unchanged }
        let stamp = Self.stamp(path)
        let (known, defaults) = state.withLock { ($0.stamp, $0.defaults) }
        guard stamp != known else { return .unchanged }
        do {
            let policy = try Self.load(path, defaults: defaults.mapValues(\.check))
            state.withLock { state in
                state.policy = policy
                state.stamp = stamp
                state.problem = nil
            }
            return .loaded
        } catch {
            let error = NovaError(error)
            let why = error.details.isEmpty ? error.message : "\(error.message) (\(error.details))"
            state.withLock { state in
                // Looked at again when it changes once more.
                state.stamp = stamp
                state.problem = why
            }
            return .refused(why)
        }
    }

    private static func load(_ path: String, defaults: [String: String]) throws -> Policy {
        try Policy(rules: read(path).map { try Policy.parse($0) } ?? [:]).adding(defaults: defaults)
    }

    /// The text of the file; nil when there is none.
    private static func read(_ path: String) throws -> String? {
        guard !path.isEmpty else { return nil }
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else {
            if errno == ENOENT { return nil }
            throw failure(path)
        }
        defer { close(descriptor) }
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 65_536)
        while true {
            let count = Glibc.read(descriptor, &chunk, chunk.count)
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { throw failure(path) }
            if count == 0 { break }
            bytes.append(contentsOf: chunk[..<count])
            guard bytes.count <= maximumSize else {
                throw NovaError(.badRequest, "The policy file is too long.", details: path)
            }
        }
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw NovaError(.badRequest, "The policy file is not UTF-8.", details: path)
        }
        return text
    }

    private static func failure(_ path: String) -> NovaError {
        NovaError(
            .unavailable, "The policy file cannot be read.", details: "\(path): \(String(cString: strerror(errno)))")
    }

    private static func stamp(_ path: String) -> Stamp? {
        var status = stat()
        guard !path.isEmpty, stat(path, &status) == 0 else { return nil }
        return Stamp(
            inode: UInt(status.st_ino), size: Int(status.st_size), seconds: Int(status.st_mtim.tv_sec),
            nanoseconds: Int(status.st_mtim.tv_nsec))
    }
}
