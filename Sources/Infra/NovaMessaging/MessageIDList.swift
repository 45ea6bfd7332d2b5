import NovaCore
import NovaWire

/// The body of messages about several others: a count, then the messages' ids (`proto-spec/wire/envelope.md`).
enum MessageIDList {
    /// The most ids in one list.
    static let limit = 4_096

    static func encode(_ ids: some Collection<MessageID>) -> [UInt8] {
        var writer = WireWriter(reserving: 16 + ids.count * 12)
        writer.varint(UInt64(ids.count))
        for id in ids {
            writer.fixed64(id.sender)
            writer.varint(id.counter)
        }
        return writer.bytes
    }

    /// Reads a list; nil when it is malformed or too long.
    static func decode(_ bytes: [UInt8]) -> [MessageID]? {
        WireReader.with(bytes) { reader in
            guard let count = try? reader.count(), count <= limit else { return nil }
            var ids: [MessageID] = []
            ids.reserveCapacity(count)
            for _ in 0..<count {
                guard let sender = try? reader.fixed64(), let counter = try? reader.varint() else { return nil }
                ids.append(MessageID(sender: sender, counter: counter))
            }
            return ids
        }
    }
}
