@testable import NovaMessaging

/// One connection between a peer and a broker: bytes go in order, late when the link is cut, and are lost with the end
/// of either side.
final class SimulatedConnection {
    let route: PeerRoute
    let peer: Int
    let link: Int
    let broker: Int
    /// Sent and not yet there, with the time when they can be there.
    var toBroker: [(sent: Int64, at: Int64, header: MessageHeader, body: [UInt8])] = []
    var toPeer: [(sent: Int64, at: Int64, header: MessageHeader, body: [UInt8])] = []
    /// The peer's socket is closed, or its process dead.
    var isLeft = false
    /// The broker's process is dead.
    var isBroken = false

    init(route: PeerRoute, peer: Int, link: Int, broker: Int) {
        self.route = route
        self.peer = peer
        self.link = link
        self.broker = broker
    }
}

/// A process of the simulation: alive, standing still, or dead.
struct ProcessState {
    var isAlive = true
    /// It stands still until then.
    var pausedUntil: Int64 = 0
    /// Counts its starts.
    var life = 0
}
