import CZeroMQ
import Logging
import NovaCore
import Synchronization

/// A broker's ROUTER and the monitor of its connections.
///
/// Made by one thread and handed over once to the loop's, which alone uses it from then on.
final class BrokerSocket: @unchecked Sendable {
    private static let counter = Atomic<Int>(0)

    let router: ZMQSocket
    let monitor: ZMQSocket
    private(set) var endpoints: [String] = []
    private let admission: Admission?

    /// Binds endpoints: with `curve` those over tcp are encrypted and known by their keys, the others stay plain.
    init(endpoints names: [String], curve: BrokerCurve?, log: Logger) throws {
        admission = try curve.map { try Admission($0, log: log) }
        router = try ZMQContext.shared.socket(ZMQ_ROUTER)
        try router.prepare()
        try router.set(ZMQ_ROUTER_MANDATORY, 1)
        let number = Self.counter.add(1, ordering: .relaxed).newValue
        monitor = try router.monitor(
            ZMQ_EVENT_ACCEPTED | ZMQ_EVENT_DISCONNECTED | ZMQ_EVENT_CLOSED,
            at: "inproc://nova-broker-monitor-\(number)")
        // A listener has the options that the socket had when it was bound.
        for name in names where !name.hasPrefix("tcp:") { try listen(name) }
        if let curve { try admission?.apply(curve, to: router) }
        for name in names where name.hasPrefix("tcp:") { try listen(name) }
    }

    private func listen(_ name: String) throws {
        try router.bind(name)
        endpoints.append(name.hasPrefix("inproc:") ? name : router.lastEndpoint())
    }

    /// Closes both; the ports are free when it returns (or after half a second).
    func close() {
        // libzmq closes a listener in its own thread, and says so here.
        for endpoint in endpoints where zmq_unbind(router.raw, endpoint) == 0 && endpoint.hasPrefix("tcp:") {
            awaitListenerClosed()
        }
        zmq_socket_monitor(router.raw, nil, 0)
        monitor.close()
        router.close()
    }

    private func awaitListenerClosed() {
        let end = MonotonicClock.milliseconds() + 500
        var item = zmq_pollitem_t(socket: monitor.raw, fd: 0, events: Int16(ZMQ_POLLIN), revents: 0)
        while MonotonicClock.milliseconds() < end {
            guard zmq_poll(&item, 1, 50) > 0, let (event, _) = monitor.monitorEvent() else { continue }
            if event == ZMQ_EVENT_CLOSED { return }
        }
    }
}
