import Glibc
import NovaCore
import NovaCrypto
import NovaHTTP

/// The images' files: one folder, a file per image named by its id.
///
/// Files appear whole or not at all.
struct ImageFileStore: Sendable {
    /// What was received.
    struct Stored: Sendable {
        let size: Int64
        let md5: String
        let sha512: String
    }
    static let chunk = 256 * 1024

    let folder: String
    let sizeLimit: Int64

    /// A store in a folder, which is made when it is missing.
    init(folder: String, sizeLimit: Int64) throws {
        self.folder = folder
        self.sizeLimit = sizeLimit
        guard mkdir(folder, 0o750) == 0 || errno == EEXIST else { throw ImageFile.failure("create", folder) }
    }

    private func path(_ id: ImageID) -> String { "\(folder)/\(id)" }

    /// Receives a file while hashing it; it is on the disk, under its name, when this returns.
    ///
    /// - Throws: what the stream throws; ``NovaError`` `tooLarge`, `noSpace`, `badRequest` (shorter than announced).
    ///   Nothing is left of it then.
    func receive(_ id: ImageID, from body: BodyStream, announced: Int64?) async throws -> Stored {
        if let announced, announced > sizeLimit { throw tooLarge }
        return try await withTaskExecutorPreference(BlockingThreads.shared) {
            try await write(id, body, announced)
        }
    }

    private var tooLarge: NovaError {
        NovaError(.tooLarge, "The image is larger than the limit of \(sizeLimit >> 30) GiB.")
    }

    private func write(_ id: ImageID, _ body: BodyStream, _ announced: Int64?) async throws -> Stored {
        let temporary = "\(folder)/.\(id).\(UUID128.random().hex)"
        let file = try ImageFile.create(temporary)
        do {
            var md5 = MD5Hasher()
            var sha512 = SHA512Hasher()
            var size: Int64 = 0
            for try await chunk in body {
                size += Int64(chunk.count)
                guard size <= sizeLimit else { throw tooLarge }
                md5.update(chunk)
                sha512.update(chunk)
                try file.append(chunk)
            }
            if let announced, size != announced {
                throw NovaError(.badRequest, "The upload ended after \(size) of \(announced) bytes.")
            }
            try file.sync()
            guard rename(temporary, path(id)) == 0 else { throw ImageFile.failure("rename", temporary) }
            try syncFolder()
            return Stored(size: size, md5: Hex.encode(md5.digest()), sha512: Hex.encode(sha512.digest()))
        } catch {
            unlink(temporary)
            throw error
        }
    }

    private func syncFolder() throws {
        try ImageFile.read(folder).sync()
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

    /// Removes the file of an image, if any.
    func remove(_ id: ImageID) async { await withTaskExecutorPreference(BlockingThreads.shared) { await unlinked(id) } }

    private func unlinked(_ id: ImageID) async { unlink(path(id)) }

    /// Removes what belongs to none of the images: half-received files, and files of images that are gone.
    ///
    /// Blocks; for the start of the service. Names that are not ours are left alone.
    func sweep(keeping known: Set<ImageID>) {
        guard let directory = opendir(folder) else { return }
        defer { closedir(directory) }
        while let entry = readdir(directory) {
            let name = withUnsafeBytes(of: entry.pointee.d_name) { bytes in
                String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
            }
            let isTemporary = name.hasPrefix(".") && ImageID(name.dropFirst().prefix(36)) != nil
            let isOrphan = ImageID(name).map { !known.contains($0) } ?? false
            if isTemporary || isOrphan { unlink("\(folder)/\(name)") }
        }
    }
}
