import CommonTestKit
import Glibc
import Logging
import NovaCore
import NovaInterfaces
import NovaModel
import NovaProcess
import NovaSchema
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

    @Test("a config drive says what the server is, and is the same where its guest goes to while it runs")
    func configDrive() async throws {
        let (old, new) = (try Host(source), try Host(source))
        var instance = try await instance(1, in: old.folder)
        instance.name = "box \"1\""
        instance.hostname = "box"
        instance.metadata = ["color": "red"]
        var port = PortBinding()
        port.portID = .random()
        (port.mac, port.fixedIP, port.dns, port.tag) = ("fa:16:3e:00:00:01", "10.0.0.2", ["10.0.0.1"], "front")
        instance.network = NetworkInfo([port])
        var facts = ConfigDriveFacts()
        facts.userData = Secret("IyEvYmluL3NoCg==")
        (facts.keyName, facts.keyData) = ("key", "ssh-ed25519 AAAA")
        facts.files = [InjectedFile("/etc/motd", contents: "aGVsbG8=")]
        instance.configDrive = facts
        let parts = try await old.folders.make(instance)
        let drive = try #require(parts.disks.last)
        #expect(drive.isCDROM && drive.format == .raw)
        func file(_ name: String, of path: String) async throws -> String {
            try await CommandRunner.shared.run("isoinfo", ["-R", "-i", path, "-x", name]).output
        }
        let metadata = try JSONValue.parse(text: try await file("/openstack/latest/meta_data.json", of: drive.path))
        #expect(metadata["uuid"]?.stringValue == "\(instance.id)" && metadata["name"]?.stringValue == "box \"1\"")
        #expect(metadata["hostname"]?.stringValue == "box.novalocal" && metadata["meta"] == ["color": "red"])
        #expect(metadata["public_keys"] == ["key": "ssh-ed25519 AAAA"])
        #expect(
            metadata["devices"]?[0]?["tags"] == ["front"] && metadata["devices"]?[0]?["mac"]?.stringValue == port.mac)
        #expect(metadata["files"]?[0]?["content_path"]?.stringValue == "/content/0000")
        let early = try JSONValue.parse(text: try await file("/openstack/2012-08-10/meta_data.json", of: drive.path))
        #expect(early["devices"] == nil && early["random_seed"] == nil && early["project_id"] == nil)
        #expect(try await file("/openstack/latest/user_data", of: drive.path) == "#!/bin/sh\n")
        #expect(try await file("/openstack/content/0000", of: drive.path) == "hello")
        let network = try JSONValue.parse(text: try await file("/openstack/latest/network_data.json", of: drive.path))
        #expect(network["services"]?[0]?["address"]?.stringValue == "10.0.0.1")
        #expect(try await file("/ec2/latest/meta-data.json", of: drive.path).contains("10.0.0.2"))
        // Its guest goes to another host: the drive there has what it has here, though the server has changed.
        var needs = GuestNeeds()
        try await old.folders.describe(instance.id, in: &needs)
        #expect(needs.disks.map(\.name) == ["disk"] && !needs.configDrive.paths.isEmpty)
        instance.metadata = ["color": "blue"]
        let there = try await new.folders.make(instance, like: needs)
        let copy = try #require(there.disks.last)
        #expect(try await file("/openstack/latest/meta_data.json", of: copy.path) == metadata.text)
        // One that is moved cold learns what is new.
        try await new.folders.setAside(instance.id, for: .random())
        let transfer = old.transfer(from: new)
        let offer = try await new.folders.offer(instance.id, in: .random(), to: "h", by: transfer)
        #expect(!offer.files.contains { $0.name.contains("config") })
        try await old.folders.remove(instance.id)
        _ = try await old.folders.receive(instance, offer, by: transfer)
        let moved = try #require(try old.folders.existing(instance.id).disks.last)
        #expect(try await file("/openstack/latest/meta_data.json", of: moved.path).contains("blue"))
    }

    @Test("what another host says of a config drive stays on the drive")
    func foreignDrive() {
        var files = ConfigDriveFiles()
        for path in ["a/b", "../x", "/etc/x", "a//b", "", "a/./b"] { files.add(path, [1]) }
        files.paths.append("late")
        files.places.append(7)
        #expect(files.all.map(\.path) == ["a/b"] && files.contents.count == 1)
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
