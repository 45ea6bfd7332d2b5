/// The bounds of a broker.
public struct QueueLimits: Sendable, Equatable {
    /// Waiting messages per queue.
    public var messages = 10_000
    /// Bytes of waiting messages per queue.
    public var bytes = 64 << 20
    /// Bytes of waiting messages in all queues.
    public var totalBytes = 512 << 20
    /// How long a cast is held for an absent worker when the sender names no time, in milliseconds.
    public var castHold: Int64 = 60_000
    /// Dead letters kept for operators.
    public var deadLetters = 1_000
    /// Deliveries of an idempotent message before its caller is told that workers are lost.
    public var attempts = 3
    /// A peer that was not heard for this long is dead, in milliseconds.
    public var silence: Int64 = 3_000
    /// How long after its start a broker holds resent messages, so that workers can claim them, in milliseconds.
    public var settling: Int64 = 3_000
    /// How long a message that must not run twice waits for a silent worker that may have it, in milliseconds.
    public var absence: Int64 = 6_000
    /// How long a peer may take to return after its connection broke, in milliseconds.
    public var grace: Int64 = 700
    /// Queues of one broker.
    public var queues = 20_000
    /// Connections of one broker.
    public var peers = 20_000
    /// Bad frames after which a peer is ignored.
    public var badFrames = 3

    /// With work in hand and nothing ended for this long a peer is reported as stuck, in milliseconds.
    public var stuck: Int64 = 30_000
    /// When nothing was looked at for this long the process stood still, in milliseconds; ticks come each 50.
    public var standstill: Int64 = 1_500
    /// Ended messages that can be traced.
    public var traces = 20_000

    public init() {}
}
