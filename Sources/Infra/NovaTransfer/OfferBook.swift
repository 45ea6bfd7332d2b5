public import NovaCore
public import NovaCrypto
import Synchronization

/// What a connection may be about: one server, in one workflow, for one purpose.
public struct TransferScope: Hashable, Sendable {
    public var serverID: ServerID
    public var workflowID: WorkflowID
    public var purpose: TransferPurpose

    public init(serverID: ServerID, workflowID: WorkflowID, purpose: TransferPurpose) {
        self.serverID = serverID
        self.workflowID = workflowID
        self.purpose = purpose
    }

    init(_ grant: TransferGrant) {
        self.init(serverID: grant.serverID, workflowID: grant.workflowID, purpose: grant.purpose)
    }
}

/// What this host offers to others, in memory: a process that starts anew has another certificate, and offers nothing.
final class OfferBook: Sendable {
    struct Offer: Sendable {
        var files: [OfferedFile] = []
        /// Where the files are, by their names.
        var paths: [String: String] = [:]
        /// The unix sockets of streams by name.
        var sockets: [String: String] = [:]

        /// The socket of a stream; nil for no name, which means files.
        func socket(of stream: String) throws -> String? {
            if stream.isEmpty, sockets.isEmpty { return nil }
            guard let socket = sockets[stream] else {
                throw NovaError(.notFound, "This stream is not expected.", details: stream)
            }
            return socket
        }
    }
    /// More than a host can have in hand.
    private static let limit = 1_000

    private let offers = Mutex<[TransferScope: Offer]>([:])

    subscript(scope: TransferScope) -> Offer? { offers.withLock { $0[scope] } }

    /// Adds an offer or replaces it.
    func put(_ offer: Offer, for scope: TransferScope) throws {
        try offers.withLock { offers in
            guard offers[scope] != nil || offers.count < Self.limit else {
                throw NovaError(.queueFull, "The compute host offers too much at a time.")
            }
            offers[scope] = offer
        }
    }

    func remove(where applies: (TransferScope) -> Bool) {
        offers.withLock { offers in offers = offers.filter { !applies($0.key) } }
    }
}
