import CommonTestKit
import Glibc
import Logging
import NovaCore
import NovaInterfaces
import NovaModel
import NovaProcess
import Synchronization
import Testing
import VirtDriver

@testable import NovaCompute

@Suite("Image cache", .enabled(if: access("/usr/bin/qemu-img", X_OK) == 0, "needs qemu-img"))
struct ImageCacheTests {
    private let folder: TemporaryFolder
    private let source = FileSource()
    private let threads = WorkerThreads(name: "test", count: 2)

    init() throws { folder = try TemporaryFolder() }

    private func cache(raw: Bool = true) throws -> ImageCache {
        try ImageCache(
            folder: "\(folder.path)/_base", source: source, convertsToRaw: raw, runner: .shared, threads: threads,
            log: Logger(label: "test"))
    }

    /// Makes an image file and what the image service would say of it.
    private func image(_ arguments: [String], format: String) async throws -> GrantedImage {
        let path = "\(folder.path)/source-\(UUID128.random())"
        try await CommandRunner.shared.run("qemu-img", arguments.map { $0 == "PATH" ? path : $0 })
        var reference = ImageReference()
        reference.id = .random()
        reference.diskFormat = format
        reference.size = try #require(HostFiles.size(path))
        let sum = try await CommandRunner.shared.run("sha512sum", [path]).output
        reference.sha512 = String(sum.prefix { $0 != " " })
        source.files.withLock { $0[reference.id] = path }
        return GrantedImage(reference, grant: Secret("grant"))
    }

    @Test("many askers, one download; a new process uses the same file")
    func singleFlight() async throws {
        let image = try await image(["create", "-q", "-f", "qcow2", "PATH", "8M"], format: "qcow2")
        let cache = try cache()
        let found = try await withThrowingTaskGroup(of: CachedImage.self) { group in
            for _ in 0..<8 { group.addTask { try await cache.disk(image) } }
            return try await group.reduce(into: Set<String>()) { $0.insert($1.path) }
        }
        #expect(found.count == 1)
        #expect(source.downloads.withLock { $0 } == 1)
        let again = try await self.cache().disk(image)
        #expect(again.format == .raw && again.virtualSize == 8 << 20)
        #expect(source.downloads.withLock { $0 } == 1)
        #expect(HostFiles.names(in: "\(folder.path)/_base").count == 1)
    }

    @Test("without conversion the qcow2 file is the base")
    func unconverted() async throws {
        let image = try await image(["create", "-q", "-f", "qcow2", "PATH", "8M"], format: "qcow2")
        let cached = try await cache(raw: false).disk(image)
        #expect(cached.format == .qcow2 && cached.virtualSize == 8 << 20)
    }

    private func expectRefused(_ image: GrantedImage, _ words: String) async throws {
        let cache = try cache()
        await #expect {
            try await cache.disk(image)
        } throws: { error in
            let error = NovaError(error)
            return error.code == .badRequest && error.message.contains(words)
        }
        #expect(HostFiles.names(in: "\(folder.path)/_base").isEmpty)
    }

    @Test("a qcow2 file that says it is raw, and the other way round")
    func mismatch() async throws {
        let hidden = try await image(["create", "-q", "-f", "qcow2", "PATH", "8M"], format: "raw")
        try await expectRefused(hidden, "not a valid raw image")
        let plain = try await image(["create", "-q", "-f", "raw", "PATH", "1M"], format: "qcow2")
        try await expectRefused(plain, "not a valid qcow2 image")
    }

    @Test("an image that names other files of the host")
    func foreignFiles() async throws {
        try folder.write("secret", to: "victim")
        let backed = try await image(
            ["create", "-q", "-f", "qcow2", "-u", "-F", "raw", "-b", "\(folder.path)/victim", "PATH", "8M"],
            format: "qcow2")
        try await expectRefused(backed, "backing file")
        let split = try await image(
            ["create", "-q", "-f", "qcow2", "-o", "data_file=\(folder.path)/outside", "PATH", "8M"], format: "qcow2")
        try await expectRefused(split, "data file")
    }

    @Test("wrong checksum, wrong size, unknown format")
    func damaged() async throws {
        var image = try await image(["create", "-q", "-f", "raw", "PATH", "1M"], format: "raw")
        let good = image
        image.image.sha512 = String(repeating: "0", count: 128)
        try await expectRefused(image, "checksum")
        image = good
        image.image.size -= 1
        try await expectRefused(image, "longer")
        image = good
        image.image.size += 1
        try await expectRefused(image, "size")
        image = good
        image.image.diskFormat = "ploop"
        try await expectRefused(image, "ploop")
    }

    @Test("an image goes only when it is sure that no disk lies over it")
    func unused() async throws {
        let context = VirtDriverContext(cloudID: .random(), hostID: .random(), instancesPath: "\(folder.path)/i")
        let cache = try cache()
        let folders = InstanceFolders(
            context, cache: cache, ephemeralFormat: "none", builds: 2, runner: .shared, threads: threads)
        // No folder is no disk.
        #expect(try folders.bases().isEmpty)
        var spec = InstanceSpec()
        spec.id = .random()
        spec.flavor.rootGB = 1
        spec.image = try await image(["create", "-q", "-f", "raw", "PATH", "1M"], format: "raw")
        let disk = try await folders.make(spec).disks[0].path
        let name = try #require(HostFiles.names(in: cache.folder).first)
        let old = [timeval](repeating: timeval(tv_sec: 1_000_000, tv_usec: 0), count: 2)
        try #require(utimes("\(cache.folder)/\(name)", old) == 0)

        @Sendable func bases() throws -> Set<String> { try folders.bases() }
        #expect(try bases() == [name])
        await #expect(throws: NovaError.self) { try await cache.remove(name, bases: bases) }
        // A damaged head: it may lie over any image.
        let head = try #require(try HostFiles.read(disk, limit: 12))
        try HostFiles.write(head, to: disk, durable: false)
        #expect(throws: NovaError.self) { try bases() }
        #expect(try await cache.contents(bases: bases).map(\.isUsed) == [true])
        await #expect(throws: NovaError.self) { try await cache.remove(name, bases: bases) }
        #expect(HostFiles.exists("\(cache.folder)/\(name)"))
        HostFiles.remove(disk)
        #expect(try await cache.contents(bases: bases).map(\.isUsed) == [false])
        try await cache.remove(name, bases: bases)
        #expect(HostFiles.names(in: cache.folder).isEmpty)
    }

    @Test("an instance's disks: overlay of the flavor's size, ephemeral, swap, kernel")
    func folders() async throws {
        let context = VirtDriverContext(cloudID: .random(), hostID: .random(), instancesPath: folder.path)
        let folders = InstanceFolders(
            context, cache: try cache(), ephemeralFormat: "none", builds: 2, runner: .shared, threads: threads)
        var spec = InstanceSpec()
        spec.id = .random()
        spec.flavor.rootGB = 1
        spec.flavor.ephemeralGB = 1
        spec.flavor.swapMB = 4
        spec.image = try await image(["create", "-q", "-f", "qcow2", "PATH", "8M"], format: "qcow2")
        spec.kernel = try await image(["create", "-q", "-f", "raw", "PATH", "1M"], format: "aki")
        let parts = try await folders.make(spec)
        #expect(try await folders.make(spec) == parts)
        #expect(parts.disks.map { $0.path.split(separator: "/").last } == ["disk", "disk.eph0", "disk.swap"])
        #expect(parts.disks.map { HostFiles.size($0.path) }.suffix(2) == [1 << 30, 4 << 20])
        #expect(parts.kernelPath != nil && parts.ramdiskPath == nil)
        let info = try await CommandRunner.shared.run("qemu-img", ["info", parts.disks[0].path]).output
        #expect(info.contains("virtual size: 1 GiB") && info.contains("_base/"))
        #expect(try await folders.servers() == [spec.id])
        try await folders.remove(spec.id)
        try await folders.remove(spec.id)
        #expect(try await folders.servers().isEmpty && !HostFiles.exists(parts.folder))

        spec.flavor.rootGB = 1
        spec.image = try await image(["create", "-q", "-f", "qcow2", "PATH", "2G"], format: "qcow2")
        await #expect {
            try await folders.make(spec)
        } throws: { NovaError($0).message.contains("Flavor's disk is too small") }
    }
}

/// Images from files.
final class FileSource: ImageSource {
    let files = Mutex<[ImageID: String]>([:])
    let downloads = Mutex(0)

    func download(
        _ image: GrantedImage, onChunk: @escaping @Sendable ([UInt8]) async throws -> Void
    ) async throws {
        downloads.withLock { $0 += 1 }
        guard let path = files.withLock({ $0[image.image.id] }),
            let bytes = try HostFiles.read(path, limit: 16 << 20)
        else { throw NovaError(.notFound, "no such image") }
        for start in stride(from: 0, to: bytes.count, by: 65536) {
            try await onChunk(Array(bytes[start..<min(start + 65536, bytes.count)]))
        }
    }
}
