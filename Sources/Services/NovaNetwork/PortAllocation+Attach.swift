import NovaCore
import NovaInterfaces
import NovaModel

// One port more for a server that has some, or one less.
extension PortAllocation {
    /// The port that a server gets; one that it has already is answered as it is.
    func attach(_ request: AttachPort) throws -> Outcome {
        try passing(request.fence, server: request.serverID) { existing, outcome in
            let id = request.wanted.portID ?? request.newPortID
            if let port = existing.first(where: { $0.id == id }) { return try append(port, to: &outcome) }
            var allocation = AllocateNetwork()
            allocation.serverID = request.serverID
            allocation.projectID = request.projectID
            allocation.hostname = request.hostname
            allocation.host = request.host
            let position = (existing.map(\.position).max() ?? -1) + 1
            do {
                let bound = try bind(
                    request.wanted, allocation, as: request.newPortID, position: position, &outcome)
                try append(bound, to: &outcome)
            } catch let error as NovaError {
                throw Self.asAttachment(error, request)
            }
        }
    }

    /// Takes a port from a server.
    func detach(_ request: DetachPort) throws -> Outcome {
        try passing(request.fence, server: request.serverID) { ports, outcome in
            if let port = ports.first(where: { $0.id == request.portID }) { try free(port, &outcome) }
        }
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
