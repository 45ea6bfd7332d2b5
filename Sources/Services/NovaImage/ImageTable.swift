import NovaCore
import NovaDatabase
import NovaWire

/// The rows of images.
struct ImageTable: Sendable {
    let database: Database
    static let table = "images"

    /// The row of an image, also of a deleted one.
    func find(_ id: ImageID) async throws -> ImageRecord? {
        try await database.read { try Self.find(id, $0) }
    }

    static func find(_ id: ImageID, _ connection: Connection) throws -> ImageRecord? {
        try connection.record(ImageRecord.self, from: table, where: "id = ?", [id.column])
    }

    /// Adds an image.
    ///
    /// - Throws: ``NovaError`` `conflict` when the id was ever used.
    func add(_ image: ImageRecord) async throws {
        do {
            try await database.write { try $0.insert(image, into: Self.table) }
        } catch let error as NovaError where error.code == .conflict {
            throw NovaError(.conflict, "Image ID \(image.id) already exists!", details: error.details)
        }
    }

    /// Changes an image in one transaction; the closure gets the row as it is then.
    ///
    /// - Throws: ``NovaError`` `notFound` when there is none, and what the closure throws.
    func change(
        _ id: ImageID, _ change: @escaping @Sendable (inout ImageRecord) throws -> Void
    ) async throws -> ImageRecord {
        try await database.write { try Self.change(id, $0, change) }
    }

    @discardableResult
    static func change(
        _ id: ImageID, _ connection: Connection, _ change: (inout ImageRecord) throws -> Void
    ) throws -> ImageRecord {
        guard var image = try find(id, connection), image.status != .deleted else {
            throw NovaError(.notFound, "No image found with ID \(id)")
        }
        try change(&image)
        image.updatedAt = .now()
        try connection.update(image, in: table, key: "id")
        return image
    }

    /// Makes an image one whose data is there; its owner's quota is looked at in the same transaction.
    ///
    /// - Parameter from: the status that it must be in still.
    /// - Throws: ``NovaError`` `conflict`, `overQuota`, `notFound`.
    func activate(
        _ id: ImageID, from: ImageStatus, _ data: StoredData, quota: Int64?
    ) async throws {
        try await database.write { try Self.activate(id, from: from, data, quota: quota, $0) }
    }

    static func activate(
        _ id: ImageID, from: ImageStatus, _ data: StoredData, quota: Int64?, _ connection: Connection
    ) throws {
        try change(id, connection) { image in
            guard image.status == from else { throw NovaError(.conflict, "The image's data is no longer wanted.") }
            if let quota, try usage(of: image.owner, besides: id, connection) > quota - data.size {
                throw ImageLimits.overQuota(quota)
            }
            image.status = .active
            image.size = data.size
            image.checksum = data.md5
            image.sha512 = data.sha512
            image.virtualSize = data.virtualSize
        }
    }

    /// Bytes of a project's images that the store holds, staged ones included.
    func usage(of owner: ProjectID, besides id: ImageID = .none) async throws -> Int64 {
        try await database.read { try Self.usage(of: owner, besides: id, $0) }
    }

    private static func usage(of owner: ProjectID, besides id: ImageID, _ connection: Connection) throws -> Int64 {
        let sum = try connection.row(
            "SELECT CAST(COALESCE(SUM(size), 0) AS BIGINT) FROM images WHERE owner = ? AND status <> 'deleted' AND id <> ?",
            [owner.column, id.column]
        ) { try $0.int(0) }
        return sum ?? 0
    }

    /// Marks an image as gone, with whom it was shared; a file of it is the caller's to remove.
    ///
    /// - Throws: ``NovaError`` `notFound`, `forbidden` for a protected one.
    func delete(_ id: ImageID) async throws {
        try await database.write { connection in
            try Self.change(id, connection) { image in
                guard !image.isProtected else {
                    throw NovaError(.forbidden, "Image \(id) is protected and cannot be deleted.")
                }
                image.status = .deleted
            }
            try connection.execute("DELETE FROM image_members WHERE image_id = ?", [id.column])
        }
    }

    /// What belongs into the store.
    struct Contents: Sendable {
        /// Images with a file.
        var images: Set<ImageID> = []
        /// Images with a staged file.
        var staged: Set<ImageID> = []
    }

    /// Makes images queued whose upload a crash cut off, and says which images have a file.
    func recover() async throws -> Contents {
        try await database.write { connection in
            try connection.execute(
                "UPDATE images SET status = 'queued' WHERE status = 'saving' OR (status = 'uploading' AND size IS NULL)"
            )
            var contents = Contents()
            let rows = try connection.rows(
                "SELECT id, status FROM images WHERE status IN ('active', 'deactivated', 'uploading', 'importing')"
            ) { (try $0.field(0, as: ImageID.self), try $0.field(1, as: ImageStatus.self)) }
            for (id, status) in rows {
                // An import that has moved its file into place, but did not say so yet, starts again from there.
                if status != .uploading { contents.images.insert(id) }
                if status == .uploading || status == .importing { contents.staged.insert(id) }
            }
            return contents
        }
    }

    /// The images of a query, one more than its limit when there are more.
    ///
    /// - Throws: ``NovaError`` `badRequest` for a marker that is no image.
    func list(_ query: ImageQuery) async throws -> [ImageRecord] {
        try await database.scan { connection in
            var found: [ImageRecord] = []
            var marker = query.marker
            if let marker,
                try Self.visible(marker, to: query.project, isAdmin: query.isAdmin, connection) == nil
            {
                throw NovaError(.badRequest, "Invalid marker: image \(marker) could not be found.")
            }
            // Filters that SQL does not know are applied here, batch by batch, until the page is full.
            while found.count <= query.limit {
                let batch = try Self.batch(query, after: marker, count: query.limit + 1, connection)
                found += batch.filter(query.accepts)
                guard batch.count == query.limit + 1, let last = batch.last else { break }
                marker = last.id
            }
            return Array(found.prefix(query.limit + 1))
        }
    }

    private static func batch(
        _ query: ImageQuery, after marker: ImageID?, count: Int, _ connection: Connection
    ) throws -> [ImageRecord] {
        var conditions = query.conditions
        var values = query.values
        if let marker {
            // (a, b) behind the marker's: a > a', or a = a' and b > b'; each key with its own direction.
            var alternatives: [String] = []
            for (index, key) in query.keys.enumerated() {
                var parts = query.keys[..<index].map { "\($0.expression) = \(value(of: $0))" }
                parts.append("\(key.expression) \(key.isDescending ? "<" : ">") \(value(of: key))")
                values.append(contentsOf: repeatElement(marker.column, count: index + 1))
                alternatives.append("(\(parts.joined(separator: " AND ")))")
            }
            conditions.append("(\(alternatives.joined(separator: " OR ")))")
        }
        let order = query.keys.map { "\($0.expression) \($0.isDescending ? "DESC" : "ASC")" }.joined(separator: ", ")
        return try connection.records(
            ImageRecord.self, from: table, where: conditions.joined(separator: " AND "), values,
            suffix: "ORDER BY \(order) LIMIT \(count)")
    }

    private static func value(of key: ImageQuery.Key) -> String {
        "(SELECT \(key.expression) FROM images WHERE id = ?)"
    }
}
