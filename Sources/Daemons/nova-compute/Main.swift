import ComputeDrivers
import NovaCompute
import NovaService

@main enum Main {
    static func main() async {
        await DaemonRunner.run(
            Daemon(ComputeService.factory(drivers: ComputeDrivers.virt, plugs: ComputeDrivers.plugs)))
    }
}
