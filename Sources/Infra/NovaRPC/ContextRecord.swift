import NovaCore
import NovaWire

/// The first part of a body: the request's context.
struct ContextRecord: Record, Equatable {
    var requestID = ""
    var userID = UserID("")
    var projectID = ProjectID("")
    var roles: [String] = []
    var isAdmin = false

    init() {}

    init(_ context: RequestContext) {
        requestID = context.requestID
        userID = context.userID
        projectID = context.projectID
        roles = context.roles
        isAdmin = context.isAdmin
    }

    mutating func fields<V: FieldVisitor>(_ visitor: inout V) {
        visitor.visit("request_id", &requestID)
        visitor.visit("user_id", &userID)
        visitor.visit("project_id", &projectID)
        visitor.visit("roles", &roles)
        visitor.visit("is_admin", &isAdmin)
    }

    var context: RequestContext {
        RequestContext(requestID: requestID, userID: userID, projectID: projectID, roles: roles, isAdmin: isAdmin)
    }
}
