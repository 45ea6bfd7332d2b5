/// An HTTP request that a service has answered.
public struct ServedRequest: Sendable {
    /// `req-UUID`.
    public var id: String
    public var verb: String
    /// The name of the operation: `os_compute_api:servers:create`.
    public var operation: String
    public var status: Int
    /// From its coming to its answer.
    public var time: Duration

    public init(id: String, verb: String, operation: String, status: Int, time: Duration) {
        self.id = id
        self.verb = verb
        self.operation = operation
        self.status = status
        self.time = time
    }
}
