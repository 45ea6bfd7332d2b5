import NovaCore
import NovaDatabase
import NovaInterfaces
import NovaModel
import NovaRPC
import NovaWire

/// The images of servers' snapshots, as conductors and nova-api ask for them; their data comes by a grant.
struct SnapshotImages: Sendable {
    let table: ImageTable
    let files: ImageFileStore

    func serve(_ dispatcher: inout RPCDispatcher) {
        dispatcher.on(AddSnapshotImage.self) { request, _ in try await add(request.image) }
        dispatcher.on(DiscardImage.self) { request, _ in try await discard(request.imageID) }
        dispatcher.on(RotateBackups.self) { request, _ in try await rotate(request) }
    }

    private func add(_ snapshot: SnapshotImage) async throws -> Nothing {
        var image = ImageRecord()
        image.id = snapshot.id
        image.name = snapshot.name
        image.owner = snapshot.owner
        image.visibility = .private
        image.diskFormat = "qcow2"
        image.containerFormat = "bare"
        image.minDisk = snapshot.minDiskGB
        image.minRAM = snapshot.minRAMMB
        // A user's word for a property must not stand where an attribute of the image is.
        image.properties = snapshot.properties.filter {
            !ImageAttributes.base.contains($0.key) && !$0.key.hasPrefix("os_glance")
        }
        image.createdAt = .now()
        image.updatedAt = image.createdAt
        do {
            try await table.add(image)
        } catch let error as NovaError where error.code == .conflict {
            guard let known = try await table.find(snapshot.id), known.owner == snapshot.owner,
                known.properties["instance_uuid"] == snapshot.properties["instance_uuid"]
            else { throw error }
            guard known.status != .deleted else {
                throw NovaError(.gone, "The image \(snapshot.id) was deleted before it had data.")
            }
        }
        return Nothing()
    }

    private func discard(_ id: ImageID) async throws -> Nothing {
        do {
            try await table.delete(id)
        } catch let error as NovaError where error.code == .notFound || error.code == .forbidden {
            // Gone, or protected by its owner since.
            return Nothing()
        }
        // A crash here leaves a file that the next start sweeps away.
        await files.remove(id)
        return Nothing()
    }

    private func rotate(_ request: RotateBackups) async throws -> Nothing {
        let images = try await table.database.read { connection in
            try connection.records(
                ImageRecord.self, from: "images", where: "owner = ? AND status = 'active'", [request.owner.column],
                suffix: "ORDER BY created_at DESC, id DESC")
        }
        let backups = images.filter { image in
            image.properties["image_type"] == "backup" && image.properties["backup_type"] == request.rotation.type
                && image.properties["instance_uuid"] == request.serverID.description
        }
        for image in backups.dropFirst(Int(clamping: max(0, request.rotation.keep))) where !image.isProtected {
            _ = try await discard(image.id)
        }
        return Nothing()
    }
}
