import NovaCore
import NovaHTTP

/// How data becomes an image's file: its limits, its checks, its place.
struct ImageIntake: Sendable {
    let table: ImageTable
    let files: ImageFileStore
    let inspector: DiskInspector
    let limits: ImageLimits

    /// Bytes that an image may still have by its owner's quota.
    ///
    /// - Throws: ``NovaError`` `overQuota` when there is no room, also for data of an announced length.
    func room(for image: ImageRecord, announced: Int64?) async throws -> Int64 {
        if let announced, announced > files.sizeLimit { throw tooLarge }
        guard let quota = limits.storage else { return files.sizeLimit }
        let left = quota - (try await table.usage(of: image.owner, besides: image.id))
        guard left > 0, left >= announced ?? 0 else { throw ImageLimits.overQuota(quota) }
        return left
    }

    private var tooLarge: NovaError {
        NovaError(.tooLarge, "The image is larger than the limit of \(files.sizeLimit >> 30) GiB.")
    }

    /// Receives the data of an image; it is on the disk, under its name, when this returns.
    ///
    /// - Parameter staged: whether it waits for its import, which will inspect it.
    /// - Throws: what the stream throws; ``NovaError`` `tooLarge`, `overQuota`, `noSpace`, `unsupportedMedia`,
    ///   `badRequest` (shorter than announced). Nothing is left of it then.
    func receive(
        _ image: ImageRecord, from body: BodyStream, announced: Int64?, staged: Bool = false
    ) async throws -> StoredData {
        let room = try await room(for: image, announced: announced)
        return try await receive(image, announced: announced, staged: staged, atMost: room) { file in
            for try await chunk in body { try await file.append(chunk) }
        }
    }

    /// Receives what a closure appends.
    func receive(
        _ image: ImageRecord, announced: Int64? = nil, staged: Bool = false, atMost room: Int64,
        _ fill: @escaping @Sendable (IncomingFile) async throws -> Void
    ) async throws -> StoredData {
        try await withTaskExecutorPreference(BlockingThreads.shared) {
            let file = try await created(image.id, staged: staged, atMost: room)
            do {
                try await fill(file)
                return try await file.finish(announced: announced) { staged ? nil : try inspect(image, $0) }
            } catch {
                await file.discard()
                if let error = error as? NovaError, error.code == .tooLarge, let quota = limits.storage,
                    room < files.sizeLimit
                {
                    throw ImageLimits.overQuota(quota)
                }
                throw error
            }
        }
    }

    // Nonisolated and asynchronous, so that it runs on the preferred executor.
    private func created(_ id: ImageID, staged: Bool, atMost room: Int64) async throws -> IncomingFile {
        try files.receive(id, staged: staged, atMost: room)
    }

    /// Makes what is staged for an image its data.
    func adoptStaged(_ image: ImageRecord) async throws -> StoredData {
        try await withTaskExecutorPreference(BlockingThreads.shared) {
            try await files.adoptStaged(image.id) { try inspect(image, $0) }
        }
    }

    private func inspect(_ image: ImageRecord, _ file: UntrustedFile) throws -> Int64? {
        try inspector.virtualSize(
            of: file, diskFormat: image.diskFormat ?? "", containerFormat: image.containerFormat ?? "")
    }
}
