/// A message's identity: it stays the same however often the message is sent again.
public struct MessageID: Hashable, Sendable, CustomStringConvertible {
    /// The sending process's random number.
    public var sender: UInt64
    /// Counts up in that process.
    public var counter: UInt64

    public init(sender: UInt64, counter: UInt64) {
        self.sender = sender
        self.counter = counter
    }

    public var description: String { "\(String(sender, radix: 16))-\(counter)" }
}
