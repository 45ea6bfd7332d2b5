import NovaCore
import NovaDatabase
import NovaWire

/// The rows of images.
struct ImageTable: Sendable {
    let database: Database
    private static let table = "images"

    /// The row of an image, also of a deleted one.
    func find(_ id: ImageID) async throws -> ImageRecord? {
        try await database.read { try Self.find(id, $0) }
    }

    private static func find(_ id: ImageID, _ connection: Connection) throws -> ImageRecord? {
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
        try await database.write { connection in
            guard var image = try Self.find(id, connection), image.status != .deleted else {
                throw NovaError(.notFound, "No image found with ID \(id)")
            }
            try change(&image)
            image.updatedAt = .now()
            try connection.update(image, in: Self.table, key: "id")
            return image
        }
    }

    /// Makes images queued whose upload a crash cut off, and says which images have a file.
    func recover() async throws -> Set<ImageID> {
        try await database.write { connection in
            try connection.execute("UPDATE images SET status = 'queued' WHERE status = 'saving'")
            let ids = try connection.rows("SELECT id FROM images WHERE status IN ('active', 'deactivated')") { row in
                try row.field(0, as: ImageID.self)
            }
            return Set(ids)
        }
    }

    /// The images of a query, one more than its limit when there are more.
    ///
    /// - Throws: ``NovaError`` `badRequest` for a marker that is no image.
    func list(_ query: ImageQuery) async throws -> [ImageRecord] {
        try await database.read { connection in
            var found: [ImageRecord] = []
            var marker = query.marker
            if let marker, try Self.find(marker, connection) == nil {
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
