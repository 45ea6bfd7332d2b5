import NovaCore
import NovaInterfaces
import NovaModel

// One port more for a server that has some, or one less.
extension PortAllocation {
    /// The port that a server gets; one that it has already is answered as it is.
    func attach(_ request: AttachPort) throws -> Outcome {
        try pass(request.fence, server: request.serverID)
        var outcome = Outcome()
        let existing = try tables.ports(ofServer: request.serverID)
        let id = request.wanted.portID ?? request.newPortID
        if let port = existing.first(where: { $0.id == id }) {
            try append(port, to: &outcome)
            return outcome
        }
        var allocation = AllocateNetwork()
        allocation.serverID = request.serverID
        allocation.projectID = request.projectID
        allocation.hostname = request.hostname
        allocation.host = request.host
        let position = (existing.map(\.position).max() ?? -1) + 1
        do {
            let port = try bind(
                request.wanted, allocation, as: request.newPortID, position: position, &outcome)
            try append(port, to: &outcome)
        } catch let error as NovaError {
            throw Self.asAttachment(error, request)
        }
        return outcome
    }

    /// Takes a port from a server.
    func detach(_ request: DetachPort) throws -> Outcome {
        try pass(request.fence, server: request.serverID)
        var outcome = Outcome()
        let port = try tables.ports(ofServer: request.serverID).first { $0.id == request.portID }
        if let port { try free(port, &outcome) }
        return outcome
    }

    /// The statuses that Nova has for a server that runs differ from those for a new one.
    private static func asAttachment(_ error: NovaError, _ request: AttachPort) -> NovaError {
        switch (request.wanted.kind, error.code) {
        case (.auto, .conflict): NovaError(.badRequest, error.message, details: error.details)
        case (.auto, .badRequest):
            NovaError(
                .badRequest,
                "No specific network was requested and none are available for project '\(request.projectID.text)'.")
        case (.network, .badRequest) where error.message.contains("already in use"):
            NovaError(.conflict, error.message, details: error.details)
        default: error
        }
    }
}
