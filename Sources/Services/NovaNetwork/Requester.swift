import NovaCore
import NovaHTTP
import NovaWire

/// Who asks the Network API, as far as ownership goes.
struct Requester: Sendable {
    let isAdmin: Bool
    /// Empty for a token without a project.
    let projectID: ProjectID

    init(isAdmin: Bool, projectID: ProjectID) {
        self.isAdmin = isAdmin
        self.projectID = projectID
    }

    /// - Throws: ``NovaError`` `unauthorized` when the operation needs no token.
    init(_ request: APIRequest) throws {
        let caller = try request.caller
        self.init(isAdmin: caller.isAdmin, projectID: caller.projectID ?? ProjectID(""))
    }

    /// The project for ``NetworkTables/usableNetwork(_:by:)``: nil lets an administrator see all.
    var scope: ProjectID? { isAdmin ? nil : projectID }

    /// Whether the requester may change what the project owns.
    func owns(_ project: ProjectID) -> Bool { isAdmin || (!projectID.text.isEmpty && project == projectID) }

    func requireAdmin(for attribute: String) throws {
        guard isAdmin else { throw NovaError(.forbidden, "Only an administrator may set \(attribute).") }
    }
}
