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

    /// As one value: no two ids of one sender meet in it, and the hasher's own seed keeps it from being guessed.
    public func hash(into hasher: inout Hasher) { hasher.combine(sender &+ counter &* 0x9E37_79B9_7F4A_7C15) }

    public var description: String { "\(String(sender, radix: 16))-\(counter)" }
}
