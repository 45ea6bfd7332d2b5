/// The bounds of transfers; tests make them smaller.
public struct TransferLimits: Sendable {
    /// How long a peer may be silent, or not take what is sent to it, before its connection is closed.
    public var silence = Duration.seconds(30)
    /// How long a peer may take until it has been let in.
    public var greeting = Duration.seconds(10)
    /// How many peers may be connected at a time.
    public var connections = 64
    /// How often a broken connection is made again before a fetch fails, as long as nothing comes in between.
    public var attempts = 6
    /// The pause before the first of them; it doubles.
    public var pause = Duration.milliseconds(200)

    public init() {}
}
