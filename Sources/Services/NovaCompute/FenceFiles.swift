public import NovaCore
import NovaWire

/// A look at a compute host's fence logs from outside.
public enum FenceFiles {
    /// The servers of whose removal the host knows nothing.
    public static func live(instancesPath: String) throws -> [ServerID] {
        try FenceJournal.read(path(in: "\(instancesPath)/_fences")).logs.filter { $0.value.destroyedAt == nil }.map(
            \.key)
    }

    static func path(in folder: String) -> String { "\(folder)/steps" }
}
