import Glibc
import NovaCore
import NovaModel
import NovaProcess

// An instance's ephemeral and swap disks.
extension InstanceFolders {
    static let ephemeralDisk = "disk.eph0"
    static let swapDisk = "disk.swap"

    func makeEphemeral(_ path: String, gigabytes: Int64) async throws {
        if HostFiles.exists(path) { return }
        try HostFiles.makeSparse("\(path).new", bytes: gigabytes << 30)
        switch ephemeralFormat {
        case "none": break
        case "xfs": try await runner.run("mkfs.xfs", ["-q", "-f", "-L", "ephemeral0", "\(path).new"])
        default: try await runner.run("mkfs.\(ephemeralFormat)", ["-q", "-F", "-L", "ephemeral0", "\(path).new"])
        }
        try HostFiles.move("\(path).new", to: path)
    }

    /// A swap disk is the same for a guest however often it is made: it has the instance's id.
    func makeSwap(_ path: String, of instance: InstanceSpec) async throws {
        if HostFiles.exists(path) { return }
        try HostFiles.makeSparse("\(path).new", bytes: instance.flavor.swapMB << 20)
        try await runner.run("mkswap", ["-L", "swap", "-U", "\(instance.id)", "\(path).new"])
        try HostFiles.move("\(path).new", to: path)
    }

    /// Makes the disks of an instance that has come as large as its flavor says.
    ///
    /// None is ever made smaller: what is cut off would be lost.
    func fitLocalDisks(of instance: InstanceSpec) async throws {
        let folder = path(instance.id)
        // What was swapped out means nothing to a guest that starts anew.
        HostFiles.remove("\(folder)/\(Self.swapDisk)")
        let (ephemeral, wanted) = ("\(folder)/\(Self.ephemeralDisk)", instance.flavor.ephemeralGB << 30)
        guard let size = HostFiles.size(ephemeral), size < wanted else { return }
        guard truncate(ephemeral, off_t(wanted)) == 0 else { throw HostFiles.failure("extend", ephemeral) }
        // Only the file system that we have made, on the whole disk: a guest may have put another there.
        guard try Self.isExt(ephemeral) else { return }
        // 0 and 1: it is well, or was made so. Else it is the guest's to mend and to grow.
        let check = try await runner.run("e2fsck", ["-f", "-p", ephemeral], within: .seconds(600), accepting: nil)
        guard check.status <= 1 else { return }
        try await runner.run("resize2fs", [ephemeral], within: .seconds(600))
    }

    /// Whether a file begins as an ext2, ext3 or ext4 file system does.
    static func isExt(_ path: String) throws -> Bool {
        guard let head = try HostFiles.read(path, limit: 1082), head.count == 1082 else { return false }
        return head[1080] == 0x53 && head[1081] == 0xEF
    }
}
