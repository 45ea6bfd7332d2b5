import NetworkFake
import NetworkLinux
import NovaConfig
import NovaNetwork
import NovaService

@main enum Main {
    static func main() async { await DaemonRunner.run(Daemon(NetworkService.factory(drivers: drivers))) }

    /// What `[network] driver` may name.
    private static let drivers: [String: NetworkHostFactory] = [
        "linux": { settings, config, log in
            let fabric = config[NetworkOptions.fabric]
            return LinuxNetworkHost(settings: settings, fabric: fabric.isEmpty ? nil : fabric, log: log)
        },
        "fake": { _, _, _ in FakeNetworkHost() },
    ]
}
