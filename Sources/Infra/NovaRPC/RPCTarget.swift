/// Where a message goes.
public enum RPCTarget: Sendable, Hashable {
    /// The first available worker of a topic.
    case topic(String)
    /// The one worker of a topic on a host: topic, host.
    case host(String, String)
}
