@testable import NovaMessaging

/// The order in which brokers have delivered the messages of each sender to each queue.
struct DeliveryOrder {
    struct Key: Hashable {
        let broker: Int
        let life: Int
        let sender: UInt64
        let queue: QueueName
        let isBackground: Bool
    }

    private var newest: [Key: UInt64] = [:]
    private var delivered: [Key: Set<UInt64>] = [:]

    /// Notes a delivery; the later message that was delivered before, if there is one.
    mutating func overtaken(_ counter: UInt64, _ key: Key) -> UInt64? {
        // Given to a worker for the second time: the first one was lost.
        guard delivered[key, default: []].insert(counter).inserted else { return nil }
        if let newest = newest[key], newest > counter { return newest }
        newest[key] = counter
        return nil
    }
}
