import NovaCore
import NovaModel
import NovaProcess
import VirtDriver

// The folder of an instance that leaves its host, or changes its size there: kept aside until the move is confirmed.
extension InstanceFolders {
    private static let suffix = "_resize"
    /// Names the workflow that has set the folder aside.
    private static let note = "move"
    private static let basePrefix = "_base/"
    /// What does not go along: it is the host's own, or is made anew.
    private static let staying = [note, "owner", swapDisk, configDisk, configFiles]

    /// Where the files of an instance are that was set aside.
    func asidePath(_ id: ServerID) -> String { path(id) + Self.suffix }

    /// The names of folders with disks, those that were set aside too.
    static func isInstance(_ name: String) -> Bool {
        ServerID(name.hasSuffix(suffix) ? String(name.dropLast(suffix.count)) : name) != nil
    }

    /// Keeps an instance's folder aside; what an earlier move has left there goes.
    func setAside(_ id: ServerID, for workflow: WorkflowID) async throws {
        try await threads.run { [self] in
            let aside = asidePath(id)
            if try HostFiles.read("\(aside)/\(Self.note)") == Array("\(workflow)".utf8) { return }
            guard isOurs(path(id)) else { return }
            if isOurs(aside) { try clear(aside) }
            try HostFiles.write(Array("\(workflow)".utf8), to: "\(path(id))/\(Self.note)", durable: true)
            try HostFiles.move(path(id), to: aside)
        }
    }

    /// Whether an instance was set aside.
    func hasAside(_ id: ServerID) -> Bool { isOurs(asidePath(id)) }

    /// Puts an instance's folder back in its place; what took its place goes.
    func bringBack(_ id: ServerID) async throws {
        try await threads.run { [self] in
            guard hasAside(id) else { return }
            if isOurs(path(id)) { try clear(path(id)) }
            try HostFiles.move(asidePath(id), to: path(id))
            HostFiles.remove("\(path(id))/\(Self.note)")
        }
    }

    /// Removes what was set aside.
    func forgetAside(_ id: ServerID) async throws {
        try await threads.run { [self] in if hasAside(id) { try clear(asidePath(id)) } }
    }

    /// Offers what was set aside, and the images of the cache that disks of it lie on.
    func offer(
        _ id: ServerID, in workflow: WorkflowID, to target: String, by transfer: any DiskTransfer
    ) async throws -> TransferOffer {
        let files = try await threads.run { [self] in
            let aside = asidePath(id)
            guard hasAside(id) else {
                throw NovaError(.notFound, "The server's disks are not on this host.", details: "\(aside) is not there")
            }
            var files: [String: String] = [:]
            for name in HostFiles.names(in: aside)
            where !Self.staying.contains(name) && !name.hasSuffix(".new")
                && !name.hasSuffix(".part")
            {
                files[name] = "\(aside)/\(name)"
            }
            if let base = try base(of: "\(aside)/disk") { files[Self.basePrefix + base] = "\(cache.folder)/\(base)" }
            return files
        }
        return try await transfer.offer(files, of: id, in: workflow, to: target)
    }

    /// Brings an instance's files here and makes them as its flavor says.
    ///
    /// - Returns: the bytes that were fetched.
    func receive(_ instance: InstanceSpec, _ offer: TransferOffer, by transfer: any DiskTransfer) async throws -> Int64
    {
        let folder = path(instance.id)
        try HostFiles.makeFolder(folder)
        try HostFiles.write(Array(mark.utf8), to: "\(folder)/owner", durable: false)
        var bytes: Int64 = 0
        for file in offer.files {
            let base = file.name.hasPrefix(Self.basePrefix) ? String(file.name.dropFirst(Self.basePrefix.count)) : nil
            guard Self.isPlain(base ?? file.name) else {
                throw NovaError(.badRequest, "The source offers a file that has no place here.", details: file.name)
            }
            if let base {
                bytes += try await cache.receive(base) {
                    try await transfer.fetch(file, of: instance.id, from: offer, to: $0)
                }
            } else {
                bytes += try await transfer.fetch(file, of: instance.id, from: offer, to: "\(folder)/\(file.name)")
            }
        }
        try await gate.with { [self] in
            try await fit(instance, offer)
            _ = try await make(in: folder, instance)
        }
        return bytes
    }

    private static func isPlain(_ name: String) -> Bool {
        !name.isEmpty && !name.contains("/") && name != "." && name != ".." && name != "owner"
    }

    /// Lays the disk over this host's copy of its image, and gives it the flavor's size.
    private func fit(_ instance: InstanceSpec, _ offer: TransferOffer) async throws {
        let disk = "\(path(instance.id))/disk"
        let named = offer.files.first { $0.name.hasPrefix(Self.basePrefix) }?.name.dropFirst(Self.basePrefix.count)
        if let named, let base = cache.find(like: String(named)) {
            try await runner.run(
                "qemu-img", ["rebase", "-u", "-f", "qcow2", "-F", base.format.rawValue, "-b", base.path, disk])
        }
        let wanted = instance.flavor.rootGB << 30
        if wanted > 0, try await size(of: disk) < wanted {
            try await runner.run("qemu-img", ["resize", "-q", "-f", "qcow2", disk, String(wanted)])
        }
        try await fitLocalDisks(of: instance)
    }

    private func size(of disk: String) async throws -> Int64 {
        guard let header = try HostFiles.read(disk, limit: QCOW2Header.length) else {
            throw NovaError(.notFound, "The server's disk is not on this host.", details: "\(disk) does not exist")
        }
        return try QCOW2Header.virtualSize(header)
    }

    /// The name of the cache's file that a disk lies on.
    private func base(of disk: String) throws -> String? {
        guard let header = try HostFiles.read(disk, limit: QCOW2Header.length) else { return nil }
        return try QCOW2Header.backingFile(header)?.split(separator: "/").last.map(String.init)
    }

    /// Removes a folder of ours; its mark goes last.
    func clear(_ folder: String) throws {
        for name in HostFiles.names(in: folder) where name != "owner" { try HostFiles.removeAny("\(folder)/\(name)") }
        try HostFiles.removeTree(folder)
    }
}
