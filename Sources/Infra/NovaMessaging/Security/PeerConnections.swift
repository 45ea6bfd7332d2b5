import Glibc

/// The peers' connections by route, so that one can be cut: libzmq's ROUTER cannot close a single one.
struct PeerConnections {
    private struct Connection {
        let fd: Int32
        /// The other end's address and port, for the descriptor may have become another connection's; nil without tcp.
        let peer: [UInt8]?
    }

    private var connections: [PeerRoute: Connection] = [:]
    private var routes: [Int32: PeerRoute] = [:]

    mutating func note(_ route: PeerRoute, fd: Int32) {
        guard fd >= 0, connections[route]?.fd != fd else { return }
        if let old = connections[route] { routes[old.fd] = nil }
        if let old = routes[fd] { connections[old] = nil }
        connections[route] = Connection(fd: fd, peer: Self.peer(fd))
        routes[fd] = route
    }

    /// Forgets a connection that libzmq has closed, and tells whose it was.
    mutating func closed(_ fd: Int32) -> PeerRoute? {
        guard let route = routes.removeValue(forKey: fd) else { return nil }
        connections[route] = nil
        return route
    }

    func route(of fd: Int32) -> PeerRoute? { routes[fd] }

    /// Ends a route's connection; libzmq then sees that it is closed.
    ///
    /// - Returns: false when it is not known or gone already.
    @discardableResult
    func cut(_ route: PeerRoute) -> Bool {
        guard let connection = connections[route], let peer = connection.peer, Self.peer(connection.fd) == peer else {
            return false
        }
        return shutdown(connection.fd, Int32(SHUT_RDWR)) == 0
    }

    /// The other end of a tcp connection.
    static func peer(_ fd: Int32) -> [UInt8]? {
        var bytes = [UInt8](repeating: 0, count: 128)
        var size = socklen_t(bytes.count)
        let code = bytes.withUnsafeMutableBytes { raw in
            raw.withMemoryRebound(to: sockaddr.self) { getpeername(fd, $0.baseAddress, &size) }
        }
        guard code == 0, size > 2, Int(size) <= bytes.count else { return nil }
        return Array(bytes.prefix(Int(size)))
    }
}
