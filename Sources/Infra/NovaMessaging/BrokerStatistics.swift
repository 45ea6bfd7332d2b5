/// What a broker shows to operators.
public struct BrokerStatistics: Sendable {
    public var queues: [QueueStatus] = []
    public var peers: [PeerStatus] = []
    public var methods: [MethodStatus] = []

    public init(queues: [QueueStatus] = [], peers: [PeerStatus] = [], methods: [MethodStatus] = []) {
        self.queues = queues
        self.peers = peers
        self.methods = methods
    }
}
