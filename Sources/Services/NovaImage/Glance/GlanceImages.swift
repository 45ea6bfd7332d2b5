import NovaCore
import NovaHTTPClient
import NovaInterfaces
import NovaModel
import NovaSchema

/// What nova-api and the conductor ask of images, answered by a Glance of somebody else.
struct GlanceImages: QueuedImages {
    /// Pages of a list that are read at most.
    private static let pageLimit = 100

    let glance: GlanceClient

    /// The service user sees every image; whether the project may is judged here, by Glance's rules.
    func describe(_ request: DescribeImage) async throws -> ImageReference {
        let missing = NovaError(.notFound, "Image \(request.imageID) could not be found.")
        let image: GlanceImage
        do {
            image = try await glance.image(request.imageID)
        } catch let error as NovaError where error.code == .notFound {
            throw missing
        }
        var isVisible = request.isAdmin
        if !isVisible, let known = image.isVisible(to: request.projectID) {
            isVisible = known
        } else if !isVisible {
            isVisible = try await members(of: request.imageID).contains(request.projectID)
        }
        guard isVisible else { throw missing }
        return image.reference
    }

    private func members(of id: ImageID) async throws -> Set<ProjectID> {
        let answer = try await glance.send("GET", "/v2/images/\(id)/members", knowing: [404])
        guard answer.status != 404 else { return [] }
        let members = try answer.json()["members"]?.arrayValue ?? []
        return Set(members.compactMap { $0["member_id"]?.stringValue }.map { ProjectID($0) })
    }

    func add(_ snapshot: SnapshotImage) async throws {
        var body: JSONObject = [
            "id": .string(snapshot.id.description), "name": .string(snapshot.name), "visibility": "private",
            "disk_format": "qcow2", "container_format": "bare", "min_disk": .integer(snapshot.minDiskGB),
            "min_ram": .integer(snapshot.minRAMMB),
        ]
        if !snapshot.owner.text.isEmpty { body["owner"] = .string(snapshot.owner.text) }
        // A user's word for a property must not stand where an attribute of the image is.
        for (name, value) in snapshot.properties
        where !ImageAttributes.base.contains(name) && !name.hasPrefix(ImageAttributes.reservedPrefix) {
            body[name] = .string(value)
        }
        let answer = try await glance.send("POST", "/v2/images", body: .object(body), knowing: [409])
        guard answer.status == 409 else { return }
        // Made by a former try, perhaps: nova-api's, or of the workflow.
        let known: GlanceImage
        do {
            known = try await glance.image(snapshot.id)
        } catch let error as NovaError where error.code == .notFound {
            throw NovaError(.gone, "The image \(snapshot.id) was deleted before it had data.")
        }
        guard known.reference.owner == snapshot.owner,
            known.reference.properties["instance_uuid"] == snapshot.properties["instance_uuid"]
        else { throw NovaError(.conflict, "An image with the id \(snapshot.id) exists already.") }
    }

    func discard(_ id: ImageID) async throws {
        _ = try await glance.send("DELETE", "/v2/images/\(id)", knowing: [404, 403])
    }

    func rotate(_ request: RotateBackups) async throws {
        var query = "owner=\(Self.escaped(request.owner.text))&status=active&image_type=backup"
        query += "&backup_type=\(Self.escaped(request.rotation.type))&instance_uuid=\(request.serverID)"
        query += "&sort_key=created_at&sort_dir=desc&sort_key=id&sort_dir=desc"
        var next: String? = "/v2/images?\(query)"
        var backups: [GlanceImage] = []
        for _ in 0..<Self.pageLimit {
            guard let path = next else { break }
            let page = try await glance.send("GET", path).json()
            backups += try (page["images"]?.arrayValue ?? []).map { try GlanceImage($0) }
            next = page["next"]?.stringValue.flatMap { $0.hasPrefix("/v2/") ? $0 : nil }
        }
        for image in backups.dropFirst(Int(clamping: max(0, request.rotation.keep))) where !image.isProtected {
            try await discard(image.reference.id)
        }
    }

    private static func escaped(_ text: String) -> String {
        text.utf8.map { byte in
            switch byte {
            case 48...57, 65...90, 97...122, 45, 46, 95, 126: String(UnicodeScalar(byte))
            default: "%" + Hex.encode([byte]).uppercased()
            }
        }.joined()
    }
}
