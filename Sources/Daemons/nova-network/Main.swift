import NetworkDrivers
import NovaNetwork
import NovaService

@main enum Main {
    static func main() async {
        await DaemonRunner.run(Daemon(NetworkService.factory(drivers: NetworkDrivers.all)))
    }
}
