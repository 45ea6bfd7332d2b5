import NovaCore
import NovaInterfaces
import NovaModel
import NovaWire
import VirtDriver

/// Snapshots of instances: copied into a file of this host, then sent to the image service.
struct SnapshotActions: Sendable {
    let actions: InstanceActions
    let sink: any ImageSink
    /// The folder of the files; those of a server begin with its id.
    let folder: String

    init(_ actions: InstanceActions, sink: any ImageSink, folder: String) throws {
        self.actions = actions
        self.sink = sink
        self.folder = folder
        try HostFiles.makeFolder(folder)
    }

    private func path(_ id: ServerID, _ image: ImageID) -> String { "\(folder)/\(id).\(image)" }

    /// Copies the root disk.
    func take(_ request: ComputeSnapshot) async throws -> Nothing {
        let id = request.serverID
        return try await actions.fenced(id, request.fence, ComputeSnapshot.name) {
            let driver = try driver
            let path = path(id, request.imageID)
            // A file that is there is whole: a former try went to its end.
            if !HostFiles.exists(path) {
                try await driver.snapshot(id, parts: try parts(id), to: path, quiescing: request.quiescing)
            }
            return Nothing()
        }
    }

    /// Sends the copy.
    func upload(_ request: ComputeUploadSnapshot) async throws -> Nothing {
        try await actions.fenced(request.serverID, request.fence, ComputeUploadSnapshot.name) {
            let path = path(request.serverID, request.image.image.id)
            if HostFiles.exists(path) {
                try await sink.upload(path, as: request.image)
                HostFiles.remove(path)
            } else if try await !sink.isComplete(request.image) {
                throw NovaError(.notFound, "The snapshot is no longer on its host.", details: path)
            }
            return Nothing()
        }
    }

    /// Forgets a snapshot.
    func discard(_ request: ComputeDiscardSnapshot) async throws -> Nothing {
        let id = request.serverID
        return try await actions.fenced(id, request.fence, ComputeDiscardSnapshot.name) {
            let path = path(id, request.imageID)
            if let driver = actions.driver as? any SnapshotDriver, try await driver.powerState(id) != nil {
                try await driver.endSnapshot(id, parts: try parts(id), to: path)
            }
            HostFiles.remove(path)
            return Nothing()
        }
    }

    /// Removes what is left of the snapshots of a server that is no longer here.
    func forget(_ id: ServerID) {
        for name in HostFiles.names(in: folder) where name.hasPrefix("\(id).") { HostFiles.remove("\(folder)/\(name)") }
    }

    private var driver: any SnapshotDriver {
        get throws { try actions.able(actions.driver as? any SnapshotDriver, to: "snapshot") }
    }

    private func parts(_ id: ServerID) throws -> InstanceParts {
        try actions.folders?.existing(id) ?? InstanceParts(folder: "")
    }
}
