import NovaCore
import NovaCrypto
import NovaModel
import NovaProcess
import NovaWire

// The disk that tells an instance what it is.
extension InstanceFolders {
    static let configDisk = "disk.config"
    /// What the disk was made of, for a host that must make the same one.
    static let configFiles = "config.files"

    /// Makes an instance's config drive, if it has one.
    func makeConfigDrive(_ instance: InstanceSpec, in folder: String) async throws {
        guard let facts = instance.configDrive, !HostFiles.exists("\(folder)/\(Self.configDisk)") else { return }
        let seed = Base64.encode(RandomBytes.make(512))
        try await makeConfigDrive(ConfigDriveContents(instance: instance, facts: facts, seed: seed).files, in: folder)
    }

    /// Makes a config drive of the same files, so that a guest that has it mounted finds everything where it was.
    func makeConfigDrive(like files: ConfigDriveFiles, in folder: String) async throws {
        HostFiles.remove("\(folder)/\(Self.configDisk)")
        if !files.paths.isEmpty { try await makeConfigDrive(files, in: folder) }
    }

    private func makeConfigDrive(_ files: ConfigDriveFiles, in folder: String) async throws {
        let (path, tree) = ("\(folder)/\(Self.configDisk)", "\(folder)/\(Self.configDisk).tree")
        try await threads.run {
            try HostFiles.removeAny(tree)
            for file in files.all {
                let place = "\(tree)/\(file.path)"
                try HostFiles.makeFolder(place.split(separator: "/").dropLast().map { "/\($0)" }.joined())
                try HostFiles.write(file.bytes, to: place, durable: false)
            }
            try HostFiles.write(files.encoded(), to: "\(folder)/\(Self.configFiles)", durable: false)
        }
        try await runner.run(
            "genisoimage",
            [
                "-o", "\(path).new", "-ldots", "-allow-lowercase", "-allow-multidot", "-l", "-publisher",
                "OpenStack Compute", "-quiet", "-J", "-r", "-V", "config-2", tree,
            ])
        try HostFiles.move("\(path).new", to: path)
        try await threads.run { try HostFiles.removeAny(tree) }
    }
}
