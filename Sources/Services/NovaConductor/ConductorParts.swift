import NovaCore
import NovaDatabase
import NovaInterfaces
import NovaModel
import NovaRPC
import NovaStore
import NovaWorkflow

/// What all workflows of a conductor work with.
struct ConductorParts: Sendable {
    let bus: RPCBus
    let database: Database
    let grants: GrantIssuer
    let maxAttempts: Int
    let buildDeadline: Duration
    let shutdownTimeout: Int
    /// How long a build waits for hosts that are away before it says that there is none.
    let hostPatience: Duration
    /// Whether a resize may leave a server on its host.
    let resizesOnSameHost: Bool
    /// Seconds after which a shelved server leaves its host: 0 at once, -1 never.
    let shelvedOffloadTime: Int
    /// Other hosts that are tried when one cannot take a running server; negative for all.
    let liveMigrationRetries: Int

    /// The server as its row is now.
    ///
    /// - Throws: `notFound` when it is gone.
    func server(_ id: ServerID) async throws -> ServerRecord {
        guard let server = try await database.read({ try ServerTable($0).find(id) }) else {
            throw NovaError(.notFound, "Instance \(id) could not be found.")
        }
        return server
    }

    /// The server as it was when the step began; as its row is now where the step is undone.
    ///
    /// - Throws: `notFound` when it is gone.
    func server(_ id: ServerID, in step: StepContext) async throws -> ServerRecord {
        if let server = step.server, server.id == id { return server }
        return try await server(id)
    }

    /// What a compute host needs to make or start an instance, with grants for its images.
    func instance(_ server: ServerRecord, image: ImageReference?, on host: String, request: RequestContext) async throws
        -> InstanceSpec
    {
        var instance = InstanceSpec()
        instance.id = server.id
        instance.sequence = server.sequence
        instance.name = server.name
        instance.hostname = server.hostname
        instance.projectID = server.projectID
        instance.userID = server.userID
        instance.flavor = server.flavor
        instance.network = server.network
        instance.metadata = server.metadata
        instance.imageProperties = server.imageProperties?.properties ?? [:]
        instance.localDisks = server.localDisks?.disks ?? []
        if server.hasConfigDrive { instance.configDrive = try await configDrive(of: server) }
        guard let image else { return instance }
        instance.image = try grants.grant(image, to: host)
        if let kernel = image.kernelID {
            instance.kernel = try grants.grant(try await describe(kernel, server, request), to: host)
        }
        if let ramdisk = image.ramdiskID {
            instance.ramdisk = try grants.grant(try await describe(ramdisk, server, request), to: host)
        }
        return instance
    }

    private func configDrive(of server: ServerRecord) async throws -> ConfigDriveFacts {
        var facts = ConfigDriveFacts()
        facts.availabilityZone = server.availabilityZone ?? "nova"
        facts.launchIndex = server.launchIndex
        facts.reservationID = server.reservationID
        facts.keyName = server.keyName
        facts.keyData = server.keyData
        facts.userData = Secret(server.userData ?? "")
        facts.securityGroups = server.securityGroups
        facts.files = try await database.read { try ServerTable($0).files(of: server.id) }
        return facts
    }

    /// What the image service says of an image now; nil for a server without one, and for an image that was deleted: the
    /// server has its disks already.
    func image(of server: ServerRecord, request: RequestContext) async throws -> ImageReference? {
        guard let id = server.imageID else { return nil }
        do {
            return try await describe(id, server, request)
        } catch let error as NovaError where error.code == .notFound {
            return nil
        }
    }

    private func describe(_ id: ImageID, _ server: ServerRecord, _ request: RequestContext) async throws
        -> ImageReference
    {
        try await bus.call(
            DescribeImage(id, project: server.projectID, isAdmin: request.isAdmin), to: .topic(DescribeImage.topic),
            context: request)
    }
}
