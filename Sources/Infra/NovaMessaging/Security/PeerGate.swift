import NovaCore

/// Who is at the other end of each connection, by its key: decides on every HELLO, and whom a revocation concerns.
///
/// A connection without a key (inproc, ipc, and plain tcp on loopback where it is allowed) is believed what it says: who
/// can open it could read the keys as well.
struct PeerGate {
    enum Verdict: Equatable {
        /// The peer's name as it is from now on.
        case admitted(PeerName)
        case refused(String)
    }

    /// Connections that are being closed; more cannot be open.
    private static let shutLimit = 100_000

    private let keys: AuthorizedKeysFile?
    private var routes: [PeerRoute: CurvePublicKey] = [:]
    private var shut: Set<PeerRoute> = []

    init(keys: AuthorizedKeysFile?) { self.keys = keys }

    /// Whether nothing of a connection is to be heard any more.
    func isShut(_ route: PeerRoute) -> Bool { !shut.isEmpty && shut.contains(route) }

    mutating func shut(_ route: PeerRoute) {
        routes[route] = nil
        if shut.count >= Self.shutLimit { shut.removeAll() }
        shut.insert(route)
    }

    /// A connection is closed.
    mutating func forget(_ route: PeerRoute) {
        routes[route] = nil
        shut.remove(route)
    }

    /// A peer says HELLO over a connection that the ZAP handler has let in under a user id.
    mutating func hello(_ route: PeerRoute, claims claimed: PeerName, userID: String?) -> Verdict {
        guard let keys, let userID else { return .admitted(claimed) }
        guard let key = CurvePublicKey(userID), let name = keys.name(of: key) else {
            return .refused("its key \(userID) is not authorized (any more)")
        }
        guard claimed.role == name.role, claimed.host.utf8.elementsEqual(name.host.utf8),
            name.instance.isEmpty || claimed.instance == name.instance
        else { return .refused("key \(key) of \(name) says that it is \(claimed)") }
        routes[route] = key
        return .admitted(claimed)
    }

    /// The connections whose keys were revoked since the last call.
    mutating func revoked() -> [(route: PeerRoute, name: PeerName)] {
        guard let entries = keys?.takeRevoked(), !entries.isEmpty else { return [] }
        let names = Dictionary(entries.map { ($0.publicKey, $0.name) }) { first, _ in first }
        var found: [(route: PeerRoute, name: PeerName)] = []
        for (route, key) in routes {
            if let name = names[key] { found.append((route, name)) }
        }
        for route in found.map(\.route) { shut(route) }
        return found.sorted { $0.route < $1.route }
    }
}
