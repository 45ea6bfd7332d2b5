/// Which of several brokers is the home of a queue: the one with the highest weight; all peers compute the same.
enum RendezvousHash {
    /// The weight of a broker for a queue: FNV-1a over topic, host and endpoint, mixed.
    static func weight(of queue: QueueName, at endpoint: String) -> UInt64 {
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325
        for text in [queue.topic, queue.host, endpoint] {
            for byte in text.utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3 }
            hash = (hash ^ 0xFF) &* 0x100_0000_01B3
        }
        hash ^= hash >> 29
        return hash &* 0x9E37_79B9_7F4A_7C15
    }
}
