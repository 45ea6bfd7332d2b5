import Glibc
import NovaCore
import NovaModel
import NovaProcess
import NovaWire
import VirtDriver

// The folder of an instance that leaves its host, or comes to it, while its guest runs.
extension InstanceFolders {
    /// The most that is carried from host to host of what a guest has printed.
    private static let consoleLimit = 100 * 1024

    /// Adds an instance's disks to what its guest needs.
    func describe(_ id: ServerID, in needs: inout GuestNeeds) async throws {
        let parts = try existing(id)
        let files = "\(parts.folder)/\(Self.configFiles)"
        if let bytes = try await threads.run({ try HostFiles.read(files, limit: 4 << 20) }) {
            needs.configDrive = try ConfigDriveFiles(decoding: bytes)
        }
        let (disks, base) = try await threads.run {
            var disks: [GuestDisk] = []
            var base = ""
            for disk in parts.disks where !disk.isCDROM {
                let name = disk.path.split(separator: "/").last.map(String.init) ?? ""
                var info = stat()
                guard stat(disk.path, &info) == 0 else { throw HostFiles.failure("look at", disk.path) }
                var size = Int64(info.st_size)
                if disk.format == .qcow2 {
                    let header = try HostFiles.read(disk.path, limit: QCOW2Header.length) ?? []
                    size = try QCOW2Header.virtualSize(header)
                    if let file = try QCOW2Header.backingFile(header), base.isEmpty {
                        base = file.split(separator: "/").last.map(String.init) ?? ""
                    }
                }
                disks.append(
                    GuestDisk(
                        name, format: disk.format.rawValue, virtualSize: size,
                        allocated: Int64(info.st_blocks).multipliedReportingOverflow(by: 512).partialValue))
            }
            return (disks, base)
        }
        needs.disks = disks
        needs.base = base
    }

    func freeBytes() async throws -> Int64 {
        try await threads.run { [self] in try HostFiles.space(of: context.instancesPath).free }
    }

    /// Makes the disks of an instance that comes: over the same image, of the same sizes, with nothing in them.
    func make(_ instance: InstanceSpec, like needs: GuestNeeds) async throws -> InstanceParts {
        try await gate.with { [self] in
            let folder = path(instance.id)
            try HostFiles.makeFolder(folder)
            try HostFiles.write(Array(mark.utf8), to: "\(folder)/owner", durable: false)
            if let kernel = instance.kernel { try HostFiles.link(try await cache.file(kernel), as: "\(folder)/kernel") }
            if let ramdisk = instance.ramdisk {
                try HostFiles.link(try await cache.file(ramdisk), as: "\(folder)/ramdisk")
            }
            for disk in needs.disks { try await make(disk, needs, of: instance, in: folder) }
            try await makeConfigDrive(like: needs.configDrive, in: folder)
            return try existing(instance.id)
        }
    }

    private func make(
        _ disk: GuestDisk, _ needs: GuestNeeds, of instance: InstanceSpec, in folder: String
    ) async throws {
        guard disk.name == "disk" || Self.isLocalDisk(disk.name), disk.virtualSize > 0 else {
            throw NovaError(.badRequest, "The guest has a disk that has no place here.", details: "\(disk)")
        }
        let path = "\(folder)/\(disk.name)"
        // What an earlier try has made may be of another size.
        HostFiles.remove(path)
        guard disk.format == DiskFile.Format.qcow2.rawValue else {
            return try HostFiles.makeSparse(path, bytes: disk.virtualSize)
        }
        var arguments = ["create", "-q", "-f", "qcow2"]
        if !needs.base.isEmpty {
            let base = try await base(needs, of: instance)
            arguments += ["-F", base.format.rawValue, "-b", base.path]
        }
        try await runner.run("qemu-img", arguments + [path, String(disk.virtualSize)])
    }

    private func base(
        _ needs: GuestNeeds, of instance: InstanceSpec
    ) async throws -> (path: String, format: DiskFile.Format) {
        if let found = cache.find(like: needs.base) {
            // Its age says when it was last needed.
            HostFiles.touch(found.path)
            return found
        }
        guard let image = instance.image else {
            throw NovaError(.notFound, "The guest's image is deleted.", details: needs.base)
        }
        _ = try await cache.disk(image)
        // By its name, not by what the image service has now: its bytes must be those under the guest's disk.
        guard let found = cache.find(like: needs.base) else {
            throw NovaError(.conflict, "The guest's image has changed since it was made.", details: needs.base)
        }
        return found
    }

    /// The end of what an instance has printed, also on the hosts before this one.
    func consoleTail(of id: ServerID) async throws -> [UInt8] {
        let parts = InstanceParts(folder: path(id))
        // Its log is written by another process, which may have the last words still in hand.
        var size: Int64?
        for _ in 0..<20 {
            let now = HostFiles.size(parts.consolePath)
            if now == size { break }
            size = now
            try await SteadyClock.sleep(for: .milliseconds(100))
        }
        return try await threads.run {
            var bytes: [UInt8] = []
            for path in parts.consoleTailPaths {
                bytes += try HostFiles.end(of: path, limit: Self.consoleLimit)
            }
            return Array(bytes.suffix(Self.consoleLimit))
        }
    }

    /// Keeps what an instance has printed on other hosts.
    func keepConsole(_ text: [UInt8], of id: ServerID) async throws {
        guard !text.isEmpty else { return }
        let path = InstanceParts(folder: path(id)).consoleHistoryPath
        try await threads.run { try HostFiles.write(text, to: path, durable: false) }
    }
}

extension HostFiles {
    /// The last bytes of a file; none when there is no file.
    static func end(of path: String, limit: Int) throws -> [UInt8] {
        let file = open(path, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else {
            if errno == ENOENT { return [] }
            throw failure("open", path)
        }
        defer { close(file) }
        let size = Int(lseek(file, 0, SEEK_END))
        let start = max(0, size - limit)
        var bytes = [UInt8](repeating: 0, count: max(0, size - start))
        let count = bytes.withUnsafeMutableBytes { pread(file, $0.baseAddress, $0.count, off_t(start)) }
        guard count >= 0 else { throw failure("read", path) }
        return Array(bytes.prefix(count))
    }
}
