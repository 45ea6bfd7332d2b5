import NetworkFake
import NetworkLinux
import NovaConfig
public import NovaNetwork

/// The drivers that executables with nova-network are linked with.
public enum NetworkDrivers {
    /// What `[network] driver` may name.
    public static let all: [String: NetworkHostFactory] = [
        "linux": { settings, config, log in
            let fabric = config[NetworkOptions.fabric]
            return LinuxNetworkHost(settings: settings, fabric: fabric.isEmpty ? nil : fabric, log: log)
        },
        "fake": { _, _, _ in FakeNetworkHost() },
    ]
}
