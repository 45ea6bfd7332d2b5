import NovaCore
import NovaWire

@testable import NovaMessaging

// What must hold at all times, and what must be left when all is quiet.
extension QueueSimulation {
    /// Messages of one sender to one queue come in their order while nothing happens to them at their broker.
    func checkOrder(_ header: MessageHeader, _ broker: Int) {
        guard let message = brokers[broker]?.messages[header.id] else { return }
        let key = DeliveryOrder.Key(
            broker: broker, life: brokerProcesses[broker].life, sender: header.id.sender, queue: header.queue,
            isBackground: header.flags.contains(.background))
        // One that was sent again, or held, may be late.
        let isPlain = !header.flags.contains(.resent) && message.heldAt == 0 && header.attempt == 0
        guard isPlain, let later = order.overtaken(header.id.counter, key) else { return }
        report.violations.append("\(header.id) to \(header.queue) came after message \(later) of its sender")
    }

    /// No list grows beyond its bound.
    func checkBounds(_ broker: BrokerState, _ index: Int) {
        for queue in broker.queues.values where queue.ready > 2 * broker.limits.messages {
            report.violations.append("broker \(index), \(queue.name): \(queue.ready) messages wait")
        }
        let lists = [
            ("held messages", broker.held.count, 2 * broker.limits.messages),
            ("dead letters", broker.deadLetters.count, broker.limits.deadLetters),
            ("traces", broker.traces.count, broker.limits.traces),
            ("peers", broker.peers.count, 4 * peers.count),
        ]
        for (name, count, limit) in lists where count > limit {
            report.violations.append("broker \(index) has \(count) \(name)")
        }
    }

    func judge(_ peer: ClientState, _ index: Int) {
        let lists = [
            ("requests", peer.requests.count), ("bytes of requests", peer.requestBytes),
            ("running jobs", peer.jobs.running), ("jobs that wait to begin", peer.jobs.waitingCount),
        ]
        for (name, count) in lists where count != 0 {
            report.violations.append("peer \(index) keeps \(count) \(name)")
        }
    }

    func judge(_ broker: BrokerState, _ index: Int) {
        let lists = [
            ("messages", broker.messages.count), ("held messages", broker.held.count),
            ("bytes", broker.tally.bytes), ("peers too many", broker.peers.count - peers.count),
            ("connections too many", broker.routes.count - peers.count),
        ]
        for (name, count) in lists where count != 0 {
            report.violations.append("broker \(index) keeps \(count) \(name)")
        }
        for peer in broker.peers.values where peer.delivered.count + peer.waitsFor.count + peer.asked.count != 0 {
            report.violations.append("broker \(index) keeps messages of \(peer.name)")
        }
        for queue in broker.queues.values {
            if queue.inFlight != 0 || queue.ready != 0 || queue.held != 0 {
                report.violations.append(
                    "broker \(index), \(queue.name): \(queue.inFlight) in flight, \(queue.ready) ready")
            }
            for worker in queue.workers where worker.busy != 0 {
                report.violations.append("broker \(index), \(queue.name): a worker has lost \(worker.busy) slots")
            }
        }
    }
}
