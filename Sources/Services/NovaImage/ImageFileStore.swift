import Glibc
import NovaCore
import NovaCrypto

/// What has been received and is a whole image now.
struct StoredData: Sendable {
    let size: Int64
    let md5: String
    let sha512: String
    let virtualSize: Int64?
}

/// The images' files: one folder, a file per image named by its id, and staged ones that wait for their import.
///
/// Files appear whole or not at all.
struct ImageFileStore: Sendable {
    /// The store's name in the API.
    static let name = "file"
    static let chunk = 256 * 1024
    private static let stagedSuffix = ".staged"

    let folder: String
    /// Bytes of the largest file.
    let sizeLimit: Int64

    /// A store in a folder, which is made when it is missing.
    init(folder: String, sizeLimit: Int64) throws {
        self.folder = folder
        self.sizeLimit = sizeLimit
        guard mkdir(folder, 0o750) == 0 || errno == EEXIST else { throw ImageFile.failure("create", folder) }
    }

    private func path(_ id: ImageID) -> String { "\(folder)/\(id)" }
    private func stagedPath(_ id: ImageID) -> String { path(id) + Self.stagedSuffix }

    /// A file that is received chunk by chunk, up to a number of bytes.
    func receive(_ id: ImageID, staged: Bool = false, atMost limit: Int64) throws -> IncomingFile {
        try IncomingFile(
            temporary: "\(folder)/.\(id).\(UUID128.random().hex)", destination: staged ? stagedPath(id) : path(id),
            limit: min(limit, sizeLimit), hashes: !staged)
    }

    /// Makes the staged file of an image the image's own.
    ///
    /// A repeat after a crash finds the file in its place already.
    /// - Throws: ``NovaError`` `notFound` when nothing is staged, what the inspection throws.
    func adoptStaged(
        _ id: ImageID, inspect: @Sendable (UntrustedFile) throws -> Int64?
    ) async throws -> StoredData {
        let staged = stagedPath(id)
        let isMoved = access(staged, F_OK) != 0
        let file = try ImageFile.read(isMoved ? path(id) : staged)
        let virtualSize = try inspect(try UntrustedFile(file))
        var md5 = MD5Hasher()
        var sha512 = SHA512Hasher()
        var offset: Int64 = 0
        while case let bytes = try file.bytes(at: offset, count: Self.chunk), !bytes.isEmpty {
            try Task.checkCancellation()
            md5.update(bytes)
            sha512.update(bytes)
            offset += Int64(bytes.count)
        }
        if !isMoved { try IncomingFile.move(staged, to: path(id)) }
        return StoredData(
            size: offset, md5: Hex.encode(md5.digest()), sha512: Hex.encode(sha512.digest()), virtualSize: virtualSize)
    }

    /// The file of an image and its size.
    ///
    /// - Throws: ``NovaError`` `notFound`, `unavailable`.
    func open(_ id: ImageID) async throws -> (file: ImageFile, size: Int64) {
        try await withTaskExecutorPreference(BlockingThreads.shared) { try await opened(id) }
    }

    // Nonisolated and asynchronous, so that it runs on the preferred executor.
    private func opened(_ id: ImageID) async throws -> (file: ImageFile, size: Int64) {
        let file = try ImageFile.read(path(id))
        return (file, try file.size())
    }

    /// Removes the file of an image and what is staged for it, if any.
    func remove(_ id: ImageID) async { await withTaskExecutorPreference(BlockingThreads.shared) { await unlinked(id) } }

    private func unlinked(_ id: ImageID) async {
        unlink(path(id))
        unlink(stagedPath(id))
    }

    /// Removes what belongs to none of the images: half-received files, and files of images that are gone.
    ///
    /// Blocks; for the start of the service. Names that are not ours are left alone.
    func sweep(keeping contents: ImageTable.Contents) {
        for name in FolderNames.orNone(folder) {
            let isTemporary = name.hasPrefix(".") && ImageID(name.dropFirst().prefix(36)) != nil
            let isOrphan =
                name.hasSuffix(Self.stagedSuffix)
                ? ImageID(name.dropLast(Self.stagedSuffix.count)).map { !contents.staged.contains($0) }
                : ImageID(name).map { !contents.images.contains($0) }
            if isTemporary || isOrphan ?? false { unlink("\(folder)/\(name)") }
        }
    }
}
