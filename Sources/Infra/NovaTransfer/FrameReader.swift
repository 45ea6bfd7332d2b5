import NovaCore

/// Takes messages out of the bytes of a peer as they come; it keeps no more than one message and what came with it.
struct FrameReader {
    /// The largest body that is taken.
    var limit = TransferFrame.greetingLimit

    private var buffer: [UInt8] = []
    private var at = 0

    /// Adds what was read.
    mutating func append(_ bytes: some Collection<UInt8>) {
        // What was taken goes first, at most as often as something comes.
        if at > 0 {
            buffer.removeSubrange(..<at)
            at = 0
        }
        buffer.append(contentsOf: bytes)
    }

    /// The next whole message; nil when more bytes are needed.
    ///
    /// - Throws: ``NovaError`` `malformed` for a body over the limit, or for what is no message.
    mutating func next() throws -> TransferFrame? {
        guard buffer.count - at >= TransferFrame.headLength else { return nil }
        let length = Int(buffer[(at + 1)..<(at + TransferFrame.headLength)].reduce(UInt32(0)) { $0 << 8 | UInt32($1) })
        guard length <= limit else { throw TransferFrame.malformed("a body of \(length) bytes") }
        let start = at + TransferFrame.headLength
        guard buffer.count - start >= length else { return nil }
        let kind = buffer[at]
        at = start + length
        // A copy, so that the buffer can be written again without one of its own.
        return try TransferFrame(kind: kind, body: Array(buffer[start..<at])[...])
    }

    /// Whether bytes of a message that is not whole are left.
    var isAtBoundary: Bool { at == buffer.count }
}
