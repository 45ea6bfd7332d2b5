import NovaCore
import NovaModel
import NovaProcess
import VirtDriver

/// The folders of instances: root disk over the cached image, ephemeral disk, swap, kernel; each with its owner's mark.
final class InstanceFolders: Sendable {
    let context: VirtDriverContext
    let cache: ImageCache
    private let rootFormat: DiskFile.Format
    let ephemeralFormat: String
    let runner: CommandRunner
    let threads: WorkerThreads
    let gate: AsyncGate

    init(
        _ context: VirtDriverContext, cache: ImageCache, rootFormat: DiskFile.Format = .qcow2, ephemeralFormat: String,
        builds: Int, runner: CommandRunner, threads: WorkerThreads
    ) {
        self.context = context
        self.cache = cache
        self.rootFormat = rootFormat
        self.ephemeralFormat = ephemeralFormat
        self.runner = runner
        self.threads = threads
        gate = AsyncGate(limit: builds)
    }

    func path(_ id: ServerID) -> String { "\(context.instancesPath)/\(id)" }

    /// Makes what the instance needs on the disk; what a former try has finished is kept.
    func make(_ instance: InstanceSpec) async throws -> InstanceParts {
        try await gate.with { [self] in
            let folder = path(instance.id)
            try HostFiles.makeFolder(folder)
            try HostFiles.write(Array(mark.utf8), to: "\(folder)/owner", durable: false)
            return try await make(in: folder, instance)
        }
    }

    /// Makes what is missing in an instance's folder.
    func make(in folder: String, _ instance: InstanceSpec) async throws -> InstanceParts {
        if let kernel = instance.kernel {
            try HostFiles.link(try await cache.file(kernel), as: "\(folder)/kernel")
        }
        if let ramdisk = instance.ramdisk {
            try HostFiles.link(try await cache.file(ramdisk), as: "\(folder)/ramdisk")
        }
        try await makeRoot(instance, "\(folder)/disk")
        try await makeLocalDisks(of: instance, in: folder)
        try await makeConfigDrive(instance, in: folder)
        return try existing(instance.id)
    }

    /// The parts of an instance that was made before.
    ///
    /// - Throws: ``NovaError`` `notFound` when its root disk is not there.
    func existing(_ id: ServerID) throws -> InstanceParts {
        let folder = path(id)
        guard HostFiles.exists("\(folder)/disk") else {
            throw NovaError(
                .notFound, "The server's disk is not on this host.", details: "\(folder)/disk does not exist")
        }
        var parts = InstanceParts(folder: folder, disks: [DiskFile(path: "\(folder)/disk", format: rootFormat)])
        for name in Self.localDisks(in: folder) {
            parts.disks.append(DiskFile(path: "\(folder)/\(name)", format: .raw))
        }
        if HostFiles.exists("\(folder)/\(Self.configDisk)") {
            var drive = DiskFile(path: "\(folder)/\(Self.configDisk)", format: .raw)
            drive.isCDROM = true
            parts.disks.append(drive)
        }
        if HostFiles.exists("\(folder)/kernel") { parts.kernelPath = "\(folder)/kernel" }
        if HostFiles.exists("\(folder)/ramdisk") { parts.ramdiskPath = "\(folder)/ramdisk" }
        return parts
    }

    /// Removes an instance's folder and what is kept aside of it; succeeds when there is none, and leaves another owner's
    /// alone.
    func remove(_ id: ServerID) async throws {
        try await threads.run { [self] in
            // The mark goes last: a removal that is cut short is found again.
            for folder in [asidePath(id), path(id)] where isOurs(folder) { try clear(folder) }
        }
    }

    /// The servers that have a folder of ours.
    func servers() async throws -> Set<ServerID> {
        try await threads.run { [self] in
            Set(
                try HostFiles.entries(of: context.instancesPath).compactMap { ServerID($0) }.filter { isOurs(path($0)) }
            )
        }
    }

    /// The names of the cached images that disks here lie over; it blocks.
    ///
    /// - Throws: when a disk cannot be read: it may lie over any image.
    func bases() throws -> Set<String> {
        var bases: Set<String> = []
        let folders = try HostFiles.entries(of: context.instancesPath).filter { Self.isInstance($0) }
        for name in folders.flatMap({ ["\($0)/disk", "\($0)/\(Self.rescueDisk)"] }) {
            let disk = "\(context.instancesPath)/\(name)"
            guard let header = try HostFiles.read(disk, limit: QCOW2Header.length) else { continue }
            do {
                // By its last part: a path can be written in several ways.
                guard let path = try QCOW2Header.backingFile(header) else { continue }
                bases.insert(path.split(separator: "/").last.map(String.init) ?? path)
            } catch {
                throw NovaError(error).during("read \(disk)")
            }
        }
        return bases
    }

    /// Removes all disks of an instance, so that ``make(_:)`` makes them anew; the folder stays ours.
    func clear(_ id: ServerID) async throws {
        try await threads.run { [self] in
            guard isOurs(path(id)) else { return }
            for name in HostFiles.names(in: path(id)) where name != "owner" {
                try HostFiles.removeAny("\(path(id))/\(name)")
            }
        }
    }

    var mark: String { "\(context.cloudID) \(context.hostID)\n" }

    func isOurs(_ folder: String) -> Bool {
        // An unreadable mark is not ours.
        (try? HostFiles.read("\(folder)/owner", limit: 200)).flatMap(\.self) == Array(mark.utf8)
    }

    private func makeRoot(_ instance: InstanceSpec, _ path: String) async throws {
        if HostFiles.exists(path) { return }
        let wanted = instance.flavor.rootGB << 30
        let base = try await base(of: instance, atMost: wanted)
        let size = max(wanted, base?.virtualSize ?? 0)
        guard size > 0 else {
            throw NovaError(.badRequest, "The flavor has no root disk and the server has no image.")
        }
        switch rootFormat {
        case .qcow2:
            var arguments = ["create", "-q", "-f", "qcow2"]
            if let base { arguments += ["-F", base.format.rawValue, "-b", base.path] }
            // Whole sectors: a file of another length is rounded up.
            try await runner.run("qemu-img", arguments + ["\(path).new", String((size + 511) / 512 * 512)])
        case .raw:
            guard let base else { throw NovaError(.badRequest, "A server on this host needs an image.") }
            try await RootFileSystem(runner).make("\(path).new", from: base, bytes: size)
        }
        try HostFiles.move("\(path).new", to: path)
    }

    /// The instance's image in the cache; nil when it has none.
    private func base(of instance: InstanceSpec, atMost limit: Int64) async throws -> CachedImage? {
        guard let image = instance.image else { return nil }
        let base = try await cache.disk(image)
        guard limit == 0 || base.virtualSize <= limit else {
            throw NovaError(
                .badRequest,
                "Flavor's disk is too small for requested image. Flavor disk is \(limit) bytes, image is "
                    + "\(base.virtualSize) bytes.")
        }
        return base
    }
}
