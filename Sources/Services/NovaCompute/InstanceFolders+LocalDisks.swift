import Glibc
import NovaCore
import NovaModel
import NovaProcess

// An instance's ephemeral and swap disks.
extension InstanceFolders {
    static let swapDisk = "disk.swap"
    private static let ephemeralPrefix = "disk.eph"
    /// More than any server has.
    private static let limit = 64

    /// The file of an ephemeral disk, from 0 on.
    static func ephemeralDisk(_ index: Int) -> String { "\(ephemeralPrefix)\(index)" }

    /// Whether a file of an instance's folder is one of these disks, by its name.
    static func isLocalDisk(_ name: String) -> Bool {
        guard name != swapDisk else { return true }
        guard name.hasPrefix(ephemeralPrefix), let index = Int(name.dropFirst(ephemeralPrefix.count)) else {
            return false
        }
        return (0..<limit).contains(index) && name == ephemeralDisk(index)
    }

    /// The names of those that are in a folder, in the order in which a guest finds them.
    static func localDisks(in folder: String) -> [String] {
        ((0..<limit).map(ephemeralDisk).prefix { HostFiles.exists("\(folder)/\($0)") })
            + [swapDisk].filter { HostFiles.exists("\(folder)/\($0)") }
    }

    /// Makes those that are missing.
    func makeLocalDisks(of instance: InstanceSpec, in folder: String) async throws {
        let disks = instance.disks
        for (index, disk) in disks.filter({ $0.kind == .ephemeral }).prefix(Self.limit).enumerated() {
            try await makeEphemeral("\(folder)/\(Self.ephemeralDisk(index))", disk, label: "ephemeral\(index)")
        }
        if let swap = disks.first(where: { $0.kind == .swap }) {
            try await makeSwap("\(folder)/\(Self.swapDisk)", megabytes: swap.megabytes, of: instance)
        }
    }

    private func makeEphemeral(_ path: String, _ disk: LocalDisk, label: String) async throws {
        if HostFiles.exists(path) { return }
        try HostFiles.makeSparse("\(path).new", bytes: disk.megabytes << 20)
        let format = disk.format ?? ephemeralFormat
        switch format {
        case "none": break
        case "xfs": try await runner.run("mkfs.xfs", ["-q", "-f", "-L", label, "\(path).new"])
        default: try await runner.run("mkfs.\(format)", ["-q", "-F", "-L", label, "\(path).new"])
        }
        try HostFiles.move("\(path).new", to: path)
    }

    /// A swap disk is the same for a guest however often it is made: it has the instance's id.
    private func makeSwap(_ path: String, megabytes: Int64, of instance: InstanceSpec) async throws {
        if HostFiles.exists(path) { return }
        try HostFiles.makeSparse("\(path).new", bytes: megabytes << 20)
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
        for (index, disk) in instance.disks.filter({ $0.kind == .ephemeral }).enumerated() {
            try await grow("\(folder)/\(Self.ephemeralDisk(index))", to: disk.megabytes << 20)
        }
    }

    private func grow(_ ephemeral: String, to wanted: Int64) async throws {
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
