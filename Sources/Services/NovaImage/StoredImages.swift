import NovaCore
import NovaDatabase
import NovaInterfaces
import NovaModel
import NovaWire

/// The images of our own, as conductors and nova-api ask for them; the data of snapshots comes by a grant.
struct StoredImages: QueuedImages {
    let table: ImageTable
    let files: ImageFileStore

    func describe(_ request: DescribeImage) async throws -> ImageReference {
        guard
            let image = try await table.visible(request.imageID, to: request.projectID, isAdmin: request.isAdmin)
        else { throw NovaError(.notFound, "Image \(request.imageID) could not be found.") }
        return image.reference
    }

    func add(_ snapshot: SnapshotImage) async throws {
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
    }

    func discard(_ id: ImageID) async throws {
        do {
            try await table.delete(id)
        } catch let error as NovaError where error.code == .notFound || error.code == .forbidden {
            return
        }
        // A crash here leaves a file that the next start sweeps away.
        await files.remove(id)
    }

    func rotate(_ request: RotateBackups) async throws {
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
            try await discard(image.id)
        }
    }
}
