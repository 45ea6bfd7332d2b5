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

/// The folders of instances that are moved: real files, made by qemu-img.
@Suite("Files of moves", .enabled(if: access("/usr/bin/qemu-img", X_OK) == 0, "needs qemu-img"))
struct MoveFilesTests {
    /// A host with its folders.
    private struct Host {
        let folder: TemporaryFolder
        let cache: ImageCache
        let folders: InstanceFolders

        init(_ source: any ImageSource, ephemeral format: String = "none") throws {
            folder = try TemporaryFolder()
            let threads = WorkerThreads(name: "test", count: 2)
            cache = try ImageCache(
                folder: "\(folder.path)/_base", source: source, convertsToRaw: true, runner: .shared, threads: threads,
                log: Logger(label: "test"))
            folders = InstanceFolders(
                VirtDriverContext(cloudID: .random(), hostID: .random(), instancesPath: folder.path), cache: cache,
                ephemeralFormat: format, builds: 2, runner: .shared, threads: threads)
        }

        /// The way of files between two folders of this machine.
        func transfer(from other: Host) -> LocalTransfer {
            LocalTransfer(
                host: "h",
                source: { name, id in
                    name.hasPrefix("_base/") ? "\(other.folder.path)/\(name)" : "\(other.folders.asidePath(id))/\(name)"
                }, runner: .shared)
        }
    }

    private let source = FileSource()

    private func instance(_ gigabytes: Int64, in folder: TemporaryFolder) async throws -> InstanceSpec {
        let path = "\(folder.path)/source"
        try await CommandRunner.shared.run("qemu-img", ["create", "-q", "-f", "raw", path, "1M"])
        var reference = ImageReference()
        reference.id = .random()
        reference.diskFormat = "raw"
        reference.size = 1 << 20
        source.files.withLock { $0[reference.id] = path }
        var instance = InstanceSpec()
        instance.id = .random()
        instance.flavor.rootGB = gigabytes
        instance.image = GrantedImage(reference, grant: Secret("grant"))
        return instance
    }

    private func describe(_ disk: String) async throws -> String {
        try await CommandRunner.shared.run("qemu-img", ["info", "-U", disk]).output
    }

    @Test("a disk goes to another host with the image under it, and grows")
    func move() async throws {
        let (old, new) = (try Host(source), try Host(source))
        var instance = try await instance(1, in: old.folder)
        let id = instance.id
        let made = try await old.folders.make(instance)
        try await CommandRunner.shared.run("qemu-io", ["-f", "qcow2", "-c", "write -P 7 4096 512", made.disks[0].path])
        let workflow = WorkflowID.random()
        for _ in 0..<2 { try await old.folders.setAside(id, for: workflow) }
        #expect(!HostFiles.exists(old.folders.path(id)) && old.folders.hasAside(id))
        let transfer = new.transfer(from: old)
        let offer = try await old.folders.offer(id, in: workflow, to: "new", by: transfer)
        #expect(offer.files.map(\.name).contains("disk"))
        // Its image is gone from the image service: the other host's copy comes along.
        instance.image = nil
        instance.flavor.rootGB = 2
        #expect(try await new.folders.receive(instance, offer, by: transfer) > 0)
        #expect(try await new.folders.receive(instance, offer, by: transfer) == 0)
        let disk = try new.folders.existing(id).disks[0].path
        let text = try await describe(disk)
        #expect(text.contains("virtual size: 2 GiB") && text.contains("\(new.folder.path)/_base/"))
        let read = try await CommandRunner.shared.run("qemu-io", ["-f", "qcow2", "-c", "read -P 7 4096 512", disk])
        #expect(!read.output.contains("verification failed"))
        // The image under what is aside counts as used.
        #expect(try old.folders.bases().count == 1)
        try await old.folders.bringBack(id)
        #expect(try await describe(made.disks[0].path).contains("virtual size: 1 GiB"))
        #expect(!old.folders.hasAside(id))
        try await old.folders.bringBack(id)
        try await old.folders.remove(id)
        try await new.folders.remove(id)
        #expect(!HostFiles.exists(new.folders.path(id)))
    }

    @Test("on one host the old disk is kept aside until it is forgotten, or comes back in the new one's place")
    func sameHost() async throws {
        let host = try Host(source)
        var instance = try await instance(1, in: host.folder)
        let id = instance.id
        _ = try await host.folders.make(instance)
        let transfer = host.transfer(from: host)
        func resize(to size: Int64) async throws {
            try await host.folders.setAside(id, for: .random())
            instance.flavor.rootGB = size
            let offer = try await host.folders.offer(id, in: .random(), to: "h", by: transfer)
            _ = try await host.folders.receive(instance, offer, by: transfer)
        }
        let disk = "\(host.folders.path(id))/disk"
        try await resize(to: 2)
        #expect(host.folders.hasAside(id))
        #expect(try await describe(disk).contains("virtual size: 2 GiB"))
        try await host.folders.bringBack(id)
        #expect(try await describe(disk).contains("virtual size: 1 GiB"))
        try await resize(to: 3)
        // What an earlier move has left aside makes room for a later one.
        try await resize(to: 4)
        try await host.folders.forgetAside(id)
        #expect(!host.folders.hasAside(id))
        #expect(try await describe(disk).contains("virtual size: 4 GiB"))
        try await host.folders.setAside(id, for: .random())
        try await host.folders.remove(id)
        #expect(!host.folders.hasAside(id) && !HostFiles.exists(host.folders.path(id)))
    }

    @Test("an ephemeral disk grows with its file system and is never cut, a swap disk is made anew with its name")
    func localDisks() async throws {
        let (old, new) = (try Host(source, ephemeral: "ext4"), try Host(source, ephemeral: "ext4"))
        var instance = try await instance(1, in: old.folder)
        instance.flavor.ephemeralGB = 1
        instance.flavor.swapMB = 4
        let id = instance.id
        func blocks(_ path: String) async throws -> String {
            let text = try await CommandRunner.shared.run("dumpe2fs", ["-h", path]).output
            return text.split(separator: "\n").first { $0.hasPrefix("Block count:") }.map(String.init) ?? text
        }
        func identity(_ path: String) async throws -> String {
            try await CommandRunner.shared.run("blkid", ["-p", "-o", "export", path]).output
        }
        let made = try await old.folders.make(instance)
        let swap = try await identity(made.disks[2].path)
        #expect(swap.contains("TYPE=swap") && swap.contains("LABEL=swap") && swap.contains("UUID=\(id)"))
        // The guest has a file on its ephemeral disk.
        try await CommandRunner.shared.run(
            "debugfs", ["-w", "-R", "write /etc/hostname kept", made.disks[1].path])
        func move(from: Host, to: Host) async throws -> InstanceParts {
            try await from.folders.setAside(id, for: .random())
            let transfer = to.transfer(from: from)
            let offer = try await from.folders.offer(id, in: .random(), to: "h", by: transfer)
            #expect(!offer.files.map(\.name).contains("disk.swap"))
            _ = try await to.folders.receive(instance, offer, by: transfer)
            return try to.folders.existing(id)
        }
        instance.flavor.ephemeralGB = 2
        instance.flavor.swapMB = 8
        let grown = try await move(from: old, to: new)
        #expect(grown.disks.map { HostFiles.size($0.path) }.suffix(2) == [2 << 30, 8 << 20])
        #expect(try await blocks(grown.disks[1].path).contains(" 524288"))
        #expect(
            try await CommandRunner.shared.run("debugfs", ["-R", "ls /", grown.disks[1].path]).output.contains("kept"))
        #expect(try await identity(grown.disks[2].path).contains("UUID=\(id)"))
        // What the guest has made of the disk itself is left as it is.
        try await CommandRunner.shared.run("wipefs", ["-q", "-a", grown.disks[1].path])
        instance.flavor.ephemeralGB = 1
        instance.flavor.swapMB = 0
        let back = try await move(from: new, to: new)
        #expect(back.disks.map { HostFiles.size($0.path) }.suffix(1) == [2 << 30] && back.disks.count == 2)
        instance.flavor.ephemeralGB = 3
        let wiped = try await move(from: new, to: new)
        #expect(HostFiles.size(wiped.disks[1].path) == 3 << 30)
        #expect(try !InstanceFolders.isExt(wiped.disks[1].path))
        try await new.folders.remove(id)
        try await old.folders.remove(id)
    }

    @Test("a rescue with a device of its own leaves the instance's disks in their places")
    func rescueDevice() async throws {
        let host = try Host(source)
        var instance = try await instance(1, in: host.folder)
        _ = try await host.folders.make(instance)
        let usual = try await host.folders.makeRescue(instance)
        #expect(usual.disks.map { $0.path.split(separator: "/").last } == ["disk.rescue", "disk"])
        #expect(usual.disks.allSatisfy { $0.bootOrder == nil })
        instance.image?.image.properties = ["hw_rescue_device": "cdrom", "hw_rescue_bus": "scsi"]
        let stable = try await host.folders.makeRescue(instance)
        #expect(stable.disks.map { $0.path.split(separator: "/").last } == ["disk", "disk.rescue"])
        #expect(stable.disks.map(\.bootOrder) == [2, 1] && stable.disks.map(\.isCDROM) == [false, true])
        #expect(stable.disks[1].bus == "scsi")
        try await host.folders.endRescue(instance.id)
        #expect(try host.folders.existing(instance.id).disks.count == 1)
        try await host.folders.remove(instance.id)
    }

    @Test("files have no place outside of the instance's folder")
    func names() async throws {
        let host = try Host(source)
        var instance = InstanceSpec()
        instance.id = .random()
        for name in ["../x", "a/b", "owner", "_base/../x", "_base/", ""] {
            var offer = TransferOffer(host: "h")
            offer.files = [TransferFile(name, size: 1)]
            let transfer = host.transfer(from: host)
            await #expect { _ = try await host.folders.receive(instance, offer, by: transfer) } throws: {
                NovaError($0).code == .badRequest
            }
        }
    }
}
