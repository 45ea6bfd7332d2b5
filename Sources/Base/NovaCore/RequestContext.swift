/// Who asks, and under which request id: it goes with a request through every daemon.
public struct RequestContext: Sendable, Equatable {
    /// `req-<uuid>`, printed in each log line and returned to the client.
    public var requestID: String
    public var userID: UserID
    public var projectID: ProjectID
    public var roles: [String]
    public var isAdmin: Bool

    public init(
        requestID: String = RequestContext.newRequestID(), userID: UserID = UserID(""),
        projectID: ProjectID = ProjectID(""), roles: [String] = [], isAdmin: Bool = false
    ) {
        self.requestID = requestID
        self.userID = userID
        self.projectID = projectID
        self.roles = roles
        self.isAdmin = isAdmin
    }

    /// The context of work that no user asked for.
    public static func system() -> RequestContext { RequestContext(isAdmin: true) }

    /// A new id in the form that OpenStack clients expect.
    public static func newRequestID() -> String { "req-\(UUID128.random())" }

    /// The request that the current task works for, when there is one.
    @TaskLocal public static var current: RequestContext?
}
