import Glibc
import NovaCore
import NovaModel

/// The unix sockets of a guest's streams: a folder of one migration, at the same path on both hosts, as libvirt wants it.
///
/// Its name cannot be guessed, and the folder above it cannot be listed: hypervisors run as users of their own, and must
/// be able to make sockets in it.
struct MigrationSockets {
    /// The folder of all migrations.
    let folder: String
    let id: ServerID

    /// A name for a new migration's folder.
    func newName() -> String { "\(id)-\(UUID128.random().hex)" }

    /// The folder of a migration, made when it is missing.
    ///
    /// - Throws: ``NovaError`` `malformed` for a name that another host may not give.
    func make(_ name: String) throws -> String {
        let token = name.dropFirst("\(id)-".count)
        guard name.hasPrefix("\(id)-"), token.utf8.count == 32, token.utf8.allSatisfy({ Hex.value(of: $0) != nil })
        else {
            throw NovaError(.malformed, "The other compute host has named no place for the guest.", details: name)
        }
        for (path, mode) in [(folder, mode_t(0o711)), ("\(folder)/\(name)", mode_t(0o777))] {
            guard mkdir(path, mode) == 0 || errno == EEXIST, chmod(path, mode) == 0 else {
                throw NovaError(
                    .internal, "The compute host cannot make a place for the guest's streams.",
                    details: "\(path): \(String(cString: strerror(errno)))")
            }
        }
        return "\(folder)/\(name)"
    }

    /// Removes the folders of all migrations of the guest, and the one above when no other is left.
    func remove() {
        for name in FolderNames.orNone(folder) where name.hasPrefix("\(id)-") {
            for socket in FolderNames.orNone("\(folder)/\(name)") { unlink("\(folder)/\(name)/\(socket)") }
            rmdir("\(folder)/\(name)")
        }
        rmdir(folder)
    }
}
