public import NovaCore
import NovaWire

/// A look at a compute host's fence logs from outside.
public enum FenceFiles {
    /// The servers of whose removal the host knows nothing.
    public static func live(instancesPath: String) throws -> [ServerID] {
        let folder = "\(instancesPath)/_fences"
        return try HostFiles.names(in: folder).compactMap { name in
            guard let id = ServerID(name), let bytes = try HostFiles.read("\(folder)/\(name)") else { return nil }
            return try FenceLog(decoding: bytes).destroyedAt == nil ? id : nil
        }
    }
}
