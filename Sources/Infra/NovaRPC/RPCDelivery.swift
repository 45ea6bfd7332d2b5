/// How a method's messages are sent.
public enum RPCDelivery: String, Sendable {
    /// To one worker, with an answer.
    case call
    /// To one worker, without an answer: the sender goes on when the broker has it.
    case cast
    /// A copy to each subscriber of a topic, without an answer.
    case fanout
}
