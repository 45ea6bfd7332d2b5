import Glibc
import NovaCore
import NovaWire
import VirtDriver

/// The files in which a fake host remembers its instances: one small file each.
///
/// They are not synced to the disk: they outlive the process, not the machine. So a record that is no shorter is written
/// over in place, by one call, which the end of the process does not divide; a new file each time, renamed over the old one,
/// costs a file system like ext4 more than all else that the host does.
struct FakeInstanceFiles: Sendable {
    let folder: String
    let owner: VirtDriverContext

    init(folder: String, owner: VirtDriverContext) throws {
        self.folder = folder
        self.owner = owner
        var path = ""
        for part in folder.split(separator: "/") {
            path += "/\(part)"
            guard mkdir(path, 0o755) == 0 || errno == EEXIST else {
                throw NovaError(
                    .internal, "The folder of the instances cannot be made.",
                    details: "\(path): \(String(cString: strerror(errno)))")
            }
        }
    }

    /// The instances of our cloud and host; a file that is damaged or another's is left alone.
    func load() throws -> [ServerID: FakeInstance] {
        try whole().filter { $0.value.cloudID == owner.cloudID && $0.value.hostID == owner.hostID }
    }

    /// The instances in the folder, whoever's they are.
    func whole() throws -> [ServerID: FakeInstance] {
        let (names, failure) = FolderNames.read(folder)
        if let failure {
            throw NovaError(
                .internal, "The folder of the instances cannot be read.",
                details: "\(folder): \(String(cString: strerror(failure)))")
        }
        var instances: [ServerID: FakeInstance] = [:]
        for name in names {
            if name.hasSuffix(Self.arrived), let id = ServerID(String(name.dropLast(Self.arrived.count))),
                let instance = try adopt(id)
            {
                instances[id] = instance
            }
            guard let id = ServerID(name), let bytes = read("\(folder)/\(name)"),
                let instance = try? FakeInstance(decoding: bytes),  // a damaged file is no instance of ours
                instance.id == id
            else { continue }
            instances[id] = instance
        }
        return instances
    }

    func write(_ instance: FakeInstance) throws {
        var instance = instance
        instance.cloudID = owner.cloudID
        instance.hostID = owner.hostID
        let path = "\(folder)/\(instance.id)"
        let bytes = instance.encoded()
        var before = stat()
        // Behind a shorter record the rest of the old one would stand for a moment, and nobody could read it.
        let inPlace = stat(path, &before) == 0 && before.st_size > 0 && before.st_size <= bytes.count
        let target = inPlace ? path : "\(path).new"
        let file = open(target, O_WRONLY | O_CLOEXEC | (inPlace ? 0 : O_CREAT | O_TRUNC), 0o644)
        let written = file >= 0 ? Glibc.write(file, bytes, bytes.count) : -1
        if file >= 0 { close(file) }
        guard written == bytes.count, inPlace || rename(target, path) == 0 else {
            throw NovaError(
                .noSpace, "The compute host cannot store the server.",
                details: "\(path): \(String(cString: strerror(errno)))")
        }
    }

    // MARK: From host to host

    private static let arrived = ".arrived"

    /// Where an instance of another host is expected.
    func arrivalPath(_ id: ServerID) -> String { "\(folder)/\(id)\(Self.arrived)" }

    /// Gives an instance to another host of this machine: by renaming, so that at no moment two hosts have it, or none.
    func handOver(_ id: ServerID, to path: String) throws {
        guard path.hasSuffix("/\(id)\(Self.arrived)"), rename("\(folder)/\(id)", path) == 0 else {
            throw NovaError(
                .hypervisor, "The fake hypervisor could not bring the server to its new host.",
                details: "\(path): \(String(cString: strerror(errno)))")
        }
    }

    /// Makes an instance ours that another host has given; nil when none has come.
    func adopt(_ id: ServerID) throws -> FakeInstance? {
        guard access(arrivalPath(id), F_OK) == 0, let bytes = read(arrivalPath(id)) else { return nil }
        var instance = try FakeInstance(decoding: bytes)
        guard instance.id == id, instance.cloudID == owner.cloudID else { return nil }
        // Until now it says that it is the other host's.
        instance.hostID = owner.hostID
        try write(instance)
        unlink(arrivalPath(id))
        return instance
    }

    func remove(_ id: ServerID) { unlink("\(folder)/\(id)") }

    private func read(_ path: String) -> [UInt8]? {
        let file = open(path, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { return nil }
        defer { close(file) }
        let bytes = [UInt8](unsafeUninitializedCapacity: 4096) { buffer, count in
            count = max(0, Glibc.read(file, buffer.baseAddress, buffer.count))
        }
        return bytes
    }
}
