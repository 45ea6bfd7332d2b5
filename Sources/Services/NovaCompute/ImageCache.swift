import Logging
import NovaCore
import NovaModel
import NovaProcess
import Synchronization
import VirtDriver

/// An image in the host's cache: complete, checked, in the form that guests' disks are laid over.
struct CachedImage: Sendable, Equatable {
    var path: String
    var format: DiskFile.Format
    /// Bytes that a guest sees.
    var virtualSize: Int64
}

/// The host's images: each is fetched once, checked, converted, and then only read.
///
/// Files come into their place by renaming after a sync: a name that exists is a whole image.
final class ImageCache: Sendable {
    let folder: String
    private let source: any ImageSource
    private let convertsToRaw: Bool
    private let runner: CommandRunner
    let threads: WorkerThreads
    let log: Logger
    let gates = KeyedGate<String>()
    let known = Mutex<[String: CachedImage]>([:])

    init(
        folder: String, source: any ImageSource, convertsToRaw: Bool, runner: CommandRunner, threads: WorkerThreads,
        log: Logger
    ) throws {
        self.folder = folder
        self.source = source
        self.convertsToRaw = convertsToRaw
        self.runner = runner
        self.threads = threads
        self.log = log
        try HostFiles.makeFolder(folder)
        for name in HostFiles.names(in: folder) where name.hasSuffix(".part") || name.hasSuffix(".raw-part") {
            HostFiles.remove("\(folder)/\(name)")
        }
    }

    /// How many images this process has used.
    var count: Int { known.withLock { $0.count } }

    /// A disk image, from the cache or fetched now; many askers wait for one download.
    ///
    /// - Throws: ``NovaError`` `badRequest` when the image is damaged or of a format that hosts do not boot.
    func disk(_ image: GrantedImage) async throws -> CachedImage {
        let name = Self.name(image.image)
        return try await gates.with(name) { [self] in
            if let cached = try await find(name) {
                // Its age says when it was last needed.
                HostFiles.touch(cached.path)
                return cached
            }
            return try await fetchDisk(image, name)
        }
    }

    /// A kernel or a ramdisk: as stored, not a disk.
    func file(_ image: GrantedImage) async throws -> String {
        let name = "\(Self.name(image.image))-file"
        let path = "\(folder)/\(name)"
        return try await gates.with(name) { [self] in
            if HostFiles.exists(path) {
                HostFiles.touch(path)
                return path
            }
            try await fetch(image, to: "\(path).part")
            try await publish("\(path).part", as: path)
            return path
        }
    }

    private static func name(_ image: ImageReference) -> String {
        let sum = image.sha512.prefix(16)
        let isHex = !sum.isEmpty && sum.utf8.allSatisfy { Hex.value(of: $0) != nil }
        return "\(image.id)-\(isHex ? String(sum) : "unchecked")"
    }

    /// This host's copy of an image that another host has under a name; in whatever form hosts keep it.
    func find(like file: String) -> (path: String, format: DiskFile.Format)? {
        let stem = Self.stem(of: file)
        for format in [DiskFile.Format.raw, .qcow2] {
            let path = "\(folder)/\(stem).\(format.rawValue)"
            if !stem.isEmpty, HostFiles.exists(path) { return (path, format) }
        }
        return nil
    }

    /// Takes an image over from another host, unless this host has it; many askers wait for one transfer.
    ///
    /// - Parameters:
    ///   - file: its name in the other host's cache.
    ///   - fetch: brings it, whole or not at all, to a path.
    /// - Returns: what `fetch` returned, 0 for an image that was here.
    func receive(_ file: String, by fetch: @escaping @Sendable (String) async throws -> Int64) async throws -> Int64 {
        try await gates.with(Self.stem(of: file)) { [self] in
            if find(like: file) != nil { return 0 }
            return try await fetch("\(folder)/\(file)")
        }
    }

    /// The name that an image has in all forms that hosts keep it in.
    private static func stem(of file: String) -> String {
        file.split(separator: ".", omittingEmptySubsequences: false).dropLast().joined(separator: ".")
    }

    private func find(_ name: String) async throws -> CachedImage? {
        if let cached = known.withLock({ $0[name] }), HostFiles.exists(cached.path) { return cached }
        var found: CachedImage?
        if let size = HostFiles.size("\(folder)/\(name).raw") {
            found = CachedImage(path: "\(folder)/\(name).raw", format: .raw, virtualSize: size)
        } else if HostFiles.exists("\(folder)/\(name).qcow2") {
            let path = "\(folder)/\(name).qcow2"
            let info = try await DiskImage.inspect(path, expected: "qcow2", runner)
            found = CachedImage(path: path, format: .qcow2, virtualSize: info.virtualSize)
        }
        if let found { known.withLock { $0[name] = found } }
        return found
    }

    private func fetchDisk(_ image: GrantedImage, _ name: String) async throws -> CachedImage {
        guard let format = DiskImage.format(of: image.image.diskFormat) else {
            throw NovaError(
                .badRequest, "Images of format \(image.image.diskFormat) cannot be booted on this host.",
                details: "image \(image.image.id)")
        }
        let part = "\(folder)/\(name).part"
        let converted = "\(folder)/\(name).raw-part"
        defer {
            HostFiles.remove(part)
            HostFiles.remove(converted)
        }
        try await fetch(image, to: part)
        let info = try await DiskImage.inspect(part, expected: format, runner)
        var cached = CachedImage(path: "\(folder)/\(name).raw", format: .raw, virtualSize: info.virtualSize)
        if format == "raw" {
            try await publish(part, as: cached.path)
        } else if format == "qcow2", !convertsToRaw {
            cached.path = "\(folder)/\(name).qcow2"
            cached.format = .qcow2
            try await publish(part, as: cached.path)
        } else {
            try await runner.run(
                "qemu-img", ["convert", "-f", format, "-O", "raw", "-t", "writeback", part, converted],
                within: .seconds(3600))
            try await publish(converted, as: cached.path)
        }
        known.withLock { [cached] in $0[name] = cached }
        log.info("image is in the cache", metadata: ["image": "\(image.image.id)", "path": "\(cached.path)"])
        return cached
    }

    private func fetch(_ image: GrantedImage, to path: String) async throws {
        let reference = image.image
        guard try HostFiles.space(of: folder).free > reference.size else {
            throw NovaError(
                .noSpace, "The compute host has no space for the image.", details: "\(reference.size) bytes")
        }
        let file = try ImageFile(path, threads: threads)
        do {
            try await source.download(image) { try await file.append($0, limit: reference.size) }
            let (count, sum) = file.result
            guard reference.size <= 0 || count == reference.size else {
                throw NovaError(
                    .badRequest, "The image is corrupt: its size differs from what the image service says.",
                    details: "image \(reference.id): \(count) of \(reference.size) bytes")
            }
            guard reference.sha512.isEmpty || sum == reference.sha512.lowercased() else {
                throw NovaError(
                    .badRequest, "The image is corrupt: its checksum differs from what the image service says.",
                    details: "image \(reference.id): sha512 \(sum)")
            }
        } catch {
            HostFiles.remove(path)
            throw NovaError(error).during("fetch image \(reference.id)")
        }
    }

    private func publish(_ part: String, as path: String) async throws {
        try await threads.run {
            try HostFiles.sync(part)
            try HostFiles.move(part, to: path)
        }
    }
}
