import Glibc
import NovaCore

/// A short name of a container's root disk.
///
/// libvirt gives a loop device no file whose name has more than 63 bytes, and the paths of instances' disks are longer.
struct RootLink {
    private static let limit = 63

    private let folder: String

    /// - Parameter instancesPath: the folder of the instances; the links are in one beside them.
    init(instancesPath: String) { folder = "\(instancesPath)/_lxc" }

    func path(_ id: ServerID) -> String { "\(folder)/\(id.uuid.hex.prefix(12))" }

    /// Makes the name stand for a disk.
    ///
    /// - Throws: ``NovaError`` `conflict` when it is another's or too long, `internal` when the file system refuses it.
    func make(_ id: ServerID, to disk: String) throws {
        let path = path(id)
        guard path.utf8.count <= Self.limit else {
            throw NovaError(
                .conflict, "The compute host's folder of instances has too long a name for containers.",
                details: "[DEFAULT] instances_path may have \(Self.limit - 19) bytes: \(path)")
        }
        guard mkdir(folder, 0o755) == 0 || errno == EEXIST else { throw Self.failure("create", folder) }
        if symlink(disk, path) == 0 { return }
        guard errno == EEXIST else { throw Self.failure("create", path) }
        guard target(path) == disk else {
            throw NovaError(
                .conflict, "The compute host has another container of nearly the same id.", details: path)
        }
    }

    /// Removes the name; succeeds when there is none.
    func remove(_ id: ServerID) { unlink(path(id)) }

    private func target(_ path: String) -> String {
        var bytes = [CChar](repeating: 0, count: Int(PATH_MAX))
        let count = readlink(path, &bytes, bytes.count)
        return String(decoding: bytes.prefix(max(0, count)).map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    private static func failure(_ action: String, _ path: String) -> NovaError {
        NovaError(
            .internal, "The compute host could not name a container's disk.",
            details: "\(action) \(path): \(String(cString: strerror(errno)))")
    }
}
