public import NovaCore

/// What a handler knows of the message it handles, beside the request itself.
public struct RPCCall: Sendable {
    /// The request on whose behalf it was sent; also in `RequestContext.current`.
    public let context: RequestContext
    /// When the sender stops waiting.
    public let deadline: Deadline
    /// The sender, stamped by the broker.
    public let principal: Principal

    public init(context: RequestContext, deadline: Deadline, principal: Principal) {
        self.context = context
        self.deadline = deadline
        self.principal = principal
    }
}
