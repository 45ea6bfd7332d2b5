import NovaCore
import NovaDatabase
import NovaWire

extension ImageTable {
    /// Imports that wait or run at once; more are refused.
    private static let backlog: Int64 = 1000
    /// Property of an image: the stores that its import has not reached yet.
    static let importing = "os_glance_importing_to_stores"
    /// Property of an image: the stores that its import has failed for.
    static let failed = "os_glance_failed_import"
    private static let unended = "status IN ('pending', 'processing')"

    /// Accepts an import: the image's new status and the task in one transaction.
    ///
    /// - Throws: ``NovaError`` `conflict` when the image is in no state for it, `unavailable` when too many wait.
    func accept(_ task: ImportTask) async throws {
        try await database.write { connection in
            let waiting = try connection.row("SELECT COUNT(*) FROM image_tasks WHERE \(Self.unended)") { try $0.int(0) }
            guard waiting ?? 0 < Self.backlog else {
                throw NovaError(.unavailable, "Too many imports wait. Try again later.")
            }
            try connection.execute("DELETE FROM image_tasks WHERE expires_at < ?", [Timestamp.now().column])
            try Self.change(task.imageID, connection) { image in
                let wanted = task.method == "glance-direct" ? ImageStatus.uploading : .queued
                guard image.status == wanted, wanted == .queued || image.size != nil else {
                    throw NovaError(
                        .conflict,
                        "Image needs to be in '\(wanted.rawValue)' state, with its data, to use '\(task.method)' method; "
                            + "it is '\(image.status.rawValue)'.")
                }
                guard image.containerFormat != nil else {
                    throw NovaError(.conflict, "'container_format' needs to be set before import")
                }
                guard image.diskFormat != nil else {
                    throw NovaError(.conflict, "'disk_format' needs to be set before import")
                }
                image.status = .importing
                image.properties[Self.importing] = ImageFileStore.name
                image.properties[Self.failed] = ""
            }
            try connection.insert(task, into: ImportTask.table)
        }
    }

    /// The imports that were accepted and have not ended, oldest first.
    func openTasks() async throws -> [UUID128] {
        try await database.read { connection in
            try connection.rows("SELECT id FROM image_tasks WHERE \(Self.unended) ORDER BY created_at, id") {
                try $0.field(0, as: UUID128.self)
            }
        }
    }

    /// Begins an import, once more after a restart; nil when it has ended.
    func begin(_ id: UUID128) async throws -> (task: ImportTask, image: ImageRecord?)? {
        try await database.write { connection in
            guard
                var task = try connection.record(
                    ImportTask.self, from: ImportTask.table, where: "id = ? AND \(Self.unended)", [id.column])
            else { return nil }
            task.status = .processing
            task.attempts += 1
            task.updatedAt = .now()
            try connection.update(task, in: ImportTask.table, key: "id")
            return (task, try Self.find(task.imageID, connection))
        }
    }

    /// Ends an import whose data is in its place.
    func complete(_ task: ImportTask, _ data: StoredData, quota: Int64?) async throws {
        try await database.write { connection in
            try Self.activate(task.imageID, from: .importing, data, quota: quota, connection)
            try Self.change(task.imageID, connection) { $0.properties[Self.importing] = "" }
            try Self.end(task, .success, "", connection)
        }
    }

    /// Ends an import that cannot be done; its image, if there still is one, waits for data again.
    func fail(_ task: ImportTask, _ message: String) async throws {
        try await database.write { connection in
            if let image = try Self.find(task.imageID, connection), image.status == .importing {
                try Self.change(task.imageID, connection) { image in
                    image.status = .queued
                    image.size = nil
                    image.properties[Self.importing] = ""
                    image.properties[Self.failed] = ImageFileStore.name
                }
            }
            try Self.end(task, .failure, message, connection)
        }
    }

    private static func end(
        _ task: ImportTask, _ status: ImportTaskStatus, _ message: String, _ connection: Connection
    ) throws {
        var task = task
        task.status = status
        task.message = message
        task.updatedAt = .now()
        task.expiresAt = task.updatedAt.adding(seconds: ImportTask.lifetime)
        try connection.update(task, in: ImportTask.table, key: "id")
    }

    /// The tasks of an image, oldest first.
    func tasks(of id: ImageID) async throws -> [ImportTask] {
        try await database.read { connection in
            try connection.records(
                ImportTask.self, from: ImportTask.table, where: "image_id = ?", [id.column],
                suffix: "ORDER BY created_at, id LIMIT 1000")
        }
    }

    func task(_ id: UUID128) async throws -> ImportTask? {
        try await database.read { try $0.record(ImportTask.self, from: ImportTask.table, where: "id = ?", [id.column]) }
    }

    /// Tasks, newest first, behind a marker: of a type and a status when those are given.
    func tasks(type: String?, status: String?, behind marker: UUID128?, limit: Int) async throws -> [ImportTask] {
        try await database.read { connection in
            var conditions = ["1 = 1"]
            var values: [ColumnValue] = []
            if let type {
                conditions.append("type = ?")
                values.append(.text(type))
            }
            if let status {
                conditions.append("status = ?")
                values.append(.text(status))
            }
            if let marker {
                guard
                    let last = try connection.record(
                        ImportTask.self, from: ImportTask.table, where: "id = ?", [marker.column])
                else { throw NovaError(.badRequest, "Invalid marker: task \(marker) could not be found.") }
                conditions.append("(created_at < ? OR (created_at = ? AND id < ?))")
                values += [last.createdAt.column, last.createdAt.column, last.id.column]
            }
            return try connection.records(
                ImportTask.self, from: ImportTask.table, where: conditions.joined(separator: " AND "), values,
                suffix: "ORDER BY created_at DESC, id DESC LIMIT \(limit)")
        }
    }
}
