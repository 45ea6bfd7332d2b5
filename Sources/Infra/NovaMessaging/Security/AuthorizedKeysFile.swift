public import Logging
import NovaCore
import Synchronization

/// A broker's file of authorized keys, followed while it changes.
///
/// A file that cannot be read, or has a mistake, changes nothing: the last good list stays, and the log tells why.
/// Deleting the file does not lock anybody out; an empty one does.
public final class AuthorizedKeysFile: Sendable {
    private struct State {
        var keys: AuthorizedKeys
        var stamp: SmallFile.Stamp?
        var revoked: [AuthorizedKeys.Entry] = []
        var complaint = ""
    }

    /// Keys that wait to be taken at most; a broker takes them twenty times a second.
    private static let revokedLimit = AuthorizedKeys.entryLimit

    public let path: String
    private let log: Logger
    private let state: Mutex<State>

    /// Reads the file.
    ///
    /// - Throws: ``NovaError`` `badRequest` that names file and line.
    public init(path: String, log: Logger) throws {
        let file = try AuthorizedKeys.read(path)
        self.path = path
        self.log = log
        state = Mutex(State(keys: try AuthorizedKeys(text: file.text, path: path), stamp: file.stamp))
    }

    /// Whom a key stands for; nil when nobody authorized it (any more).
    public func name(of key: CurvePublicKey) -> PeerName? { state.withLock { $0.keys.names[key] } }

    /// How many keys are authorized.
    public var count: Int { state.withLock { $0.keys.names.count } }

    /// Reads the file again when it has changed.
    ///
    /// - Returns: whether it had.
    @discardableResult
    public func reload() -> Bool {
        let stamp = SmallFile.stamp(path)
        guard state.withLock({ $0.stamp != stamp }) else { return false }
        let result: Result<(AuthorizedKeys, SmallFile.Stamp), any Error> = Result {
            let file = try AuthorizedKeys.read(path)
            return (try AuthorizedKeys(text: file.text, path: path), file.stamp)
        }
        switch result {
        case .success((let keys, let read)): take(keys, read)
        case .failure(let error): complain(NovaError(error), stamp)
        }
        return true
    }

    private func take(_ keys: AuthorizedKeys, _ stamp: SmallFile.Stamp) {
        let (revoked, added) = state.withLock { state in
            let revoked = keys.revoked(from: state.keys)
            let added = state.keys.revoked(from: keys).count
            if state.revoked.count + revoked.count <= Self.revokedLimit { state.revoked += revoked }
            state.keys = keys
            state.stamp = stamp
            state.complaint = ""
            return (revoked, added)
        }
        log.notice(
            "authorized keys read again",
            metadata: ["file": "\(path)", "added": "\(added)", "revoked": "\(revoked.count)"])
        for entry in revoked.prefix(20) { log.notice("key \(entry.publicKey) of \(entry.name) is revoked") }
    }

    /// Tells once of each trouble.
    private func complain(_ error: NovaError, _ stamp: SmallFile.Stamp?) {
        let isNew = state.withLock { state in
            // A file that may be complete the next time is looked at again.
            state.stamp = stamp
            defer { state.complaint = error.message }
            return state.complaint != error.message
        }
        if isNew { log.error("the authorized keys stay as they were: \(error.message)") }
    }

    /// The keys revoked since the last call.
    func takeRevoked() -> [AuthorizedKeys.Entry] {
        state.withLock { state in
            guard !state.revoked.isEmpty else { return [] }
            defer { state.revoked = [] }
            return state.revoked
        }
    }
}
