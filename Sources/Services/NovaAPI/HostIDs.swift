import NovaCore
import NovaCrypto
import NovaModel

/// `hostId` of servers: the same for those of one project on one host, and tells nothing of the host.
///
/// Remembers those of one answer: most servers of a list share a few.
final class HostIDs {
    private struct Key: Hashable {
        let project: ProjectID
        let host: String
    }

    private var known: [Key: String] = [:]
    private var last: (key: Key, id: String)?

    func hostID(of server: ServerRecord) -> String {
        guard let host = server.host else { return "" }
        let key = Key(project: server.projectID, host: host)
        if let last, last.key == key { return last.id }
        let id = known[key] ?? Self.hostID(project: server.projectID, host: host)
        known[key] = id
        last = (key, id)
        return id
    }

    private static func hostID(project: ProjectID, host: String) -> String {
        Hex.encode(HashAlgorithm.sha256.digest(Array((project.text + host).utf8)).prefix(28))
    }
}
