// Which brokers a client has, and which of them a queue belongs to.
extension ClientSession {
    var connection: QueueConnection {
        guard links.contains(where: { $0.state == .ready }) else { return .lost }
        return .connected(unconfirmed: registrations.values.count { !$0.isConfirmed })
    }

    /// The live broker that every live client chooses for a queue: the highest hash of both names.
    func home(of queue: QueueName) -> Int? {
        var best: (index: Int, weight: UInt64)?
        for index in links.indices where links[index].state == .ready {
            if links.count == 1 { return index }
            var hash: UInt64 = 0xCBF2_9CE4_8422_2325
            for text in [queue.topic, queue.host, links[index].endpoint] {
                for byte in text.utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3 }
                hash = (hash ^ 0xFF) &* 0x100_0000_01B3
            }
            hash ^= hash >> 29
            hash = hash &* 0x9E37_79B9_7F4A_7C15
            if best.map({ hash > $0.weight }) ?? true { best = (index, hash) }
        }
        return best?.index
    }
}
