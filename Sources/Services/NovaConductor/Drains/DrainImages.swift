import NovaCore
import NovaDatabase
import NovaModel
import NovaStore

/// What the image service says of the images of servers that are to be moved; asked once for all servers of an image.
struct DrainImages: Sendable {
    private struct Key: Hashable {
        let image: ImageID
        let project: ProjectID
    }
    /// Nil for an image that was deleted.
    private var known: [Key: ImageReference?] = [:]
    private var since = SteadyClock.now
    /// For how long an answer serves.
    private static let lifetime = Duration.seconds(60)

    init() {}

    /// The image of a server; nil when it was not asked for yet.
    func image(of server: ServerRecord) -> ImageReference?? {
        guard let id = server.imageID else { return .some(nil) }
        return known[Key(image: id, project: server.projectID)]
    }

    /// Asks for the images of these servers.
    ///
    /// - Throws: ``NovaError`` when the image service does not answer; what is known by then stays.
    mutating func learn(_ servers: [ServerRecord], _ parts: ConductorParts, _ request: RequestContext) async throws {
        if SteadyClock.now - since > Self.lifetime { self = DrainImages() }
        for server in servers {
            guard let id = server.imageID, image(of: server) == nil else { continue }
            known[Key(image: id, project: server.projectID)] = .some(
                try await parts.image(of: server, request: request))
        }
    }
}
