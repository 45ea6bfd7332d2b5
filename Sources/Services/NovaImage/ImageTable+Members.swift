import NovaCore
import NovaDatabase
import NovaWire

extension ImageTable {
    /// The image, when a project may know that it exists.
    func visible(_ id: ImageID, to project: ProjectID?, isAdmin: Bool) async throws -> ImageRecord? {
        try await database.read { try Self.visible(id, to: project, isAdmin: isAdmin, $0) }
    }

    static func visible(
        _ id: ImageID, to project: ProjectID?, isAdmin: Bool, _ connection: Connection
    ) throws -> ImageRecord? {
        guard let image = try find(id, connection) else { return nil }
        switch image.audience(for: project, isAdmin: isAdmin) {
        case .caller: return image
        case .nobody: return nil
        case .members:
            guard let project, try member(project, of: id, connection) != nil else { return nil }
            return image
        }
    }

    private static func member(
        _ project: ProjectID, of id: ImageID, _ connection: Connection
    ) throws -> ImageMember? {
        try connection.record(
            ImageMember.self, from: ImageMember.table, where: "image_id = ? AND member = ?",
            [id.column, project.column])
    }

    /// All members of an image, in a fixed order.
    func members(of id: ImageID) async throws -> [ImageMember] {
        try await database.read { connection in
            try connection.records(
                ImageMember.self, from: ImageMember.table, where: "image_id = ?", [id.column],
                suffix: "ORDER BY created_at, member")
        }
    }

    /// Shares an image with a project.
    ///
    /// - Throws: ``NovaError`` `conflict` when it is a member, `tooLarge` when there are `limit` already, `notFound`
    ///   when the image is gone.
    func addMember(_ project: ProjectID, to id: ImageID, limit: Int) async throws -> ImageMember {
        try await database.write { connection in
            guard let image = try Self.find(id, connection), image.status != .deleted else {
                throw NovaError(.notFound, "No image found with ID \(id)")
            }
            guard try Self.member(project, of: id, connection) == nil else {
                throw NovaError(.conflict, "Member \(project) is duplicated for image \(id)")
            }
            let count = try connection.row("SELECT COUNT(*) FROM image_members WHERE image_id = ?", [id.column]) {
                try $0.int(0)
            }
            guard count ?? 0 < Int64(limit) else {
                throw NovaError(
                    .tooLarge, "The image can be shared with \(limit) projects at most. Remove a member first.")
            }
            let member = ImageMember(id, project)
            try connection.insert(member, into: ImageMember.table)
            return member
        }
    }

    /// Sets what a member makes of an image; nil when it is none.
    func setMember(_ project: ProjectID, of id: ImageID, to status: MemberStatus) async throws -> ImageMember? {
        try await database.write { connection in
            guard var member = try Self.member(project, of: id, connection) else { return nil }
            member.status = status
            member.updatedAt = .now()
            try connection.execute(
                "UPDATE image_members SET status = ?, updated_at = ? WHERE image_id = ? AND member = ?",
                [.text(status.rawValue), member.updatedAt.column, id.column, project.column])
            return member
        }
    }

    /// Ends the sharing with a project; whether it was a member.
    func removeMember(_ project: ProjectID, of id: ImageID) async throws -> Bool {
        try await database.write { connection in
            try connection.execute(
                "DELETE FROM image_members WHERE image_id = ? AND member = ?", [id.column, project.column]) > 0
        }
    }
}
