/// What a sender says of a message that it had sent to another broker.
enum MessageDoubt {
    /// Longer than any message lives, in milliseconds: a sender may give any number.
    private static let limit: Int64 = 86_400_000

    /// The worker that had taken it there.
    case taken(by: UInt64)
    /// For so many milliseconds nobody knows what was done with it.
    case unknown(Int64)

    /// Reads the flag and the amount of a message that is sent again.
    init(_ header: MessageHeader) {
        if header.flags.contains(.taken) {
            self = .taken(by: header.amount)
        } else {
            self = .unknown(min(Int64(clamping: header.amount), Self.limit))
        }
    }

    /// Nobody knows since a time.
    static func unknown(since: Int64, now: Int64) -> MessageDoubt { .unknown(min(max(0, now - since), limit)) }
}
