import NovaAPI
import NovaCompute
import NovaConductor
import NovaIdentity
import NovaImage
import NovaInterfaces
import NovaNetwork
import NovaPlacement
import NovaScheduler
import NovaService

/// The whole cloud in one process; services start in the order in which they need each other.
@main enum Main {
    static func main() async {
        let services = [
            ServiceFactory(IdentityService.self), ServiceFactory(PlacementService.self),
            ServiceFactory(ImageService.self), NetworkService.factory(drivers: Drivers.network),
            ServiceFactory(SchedulerService.self), ServiceFactory(ConductorService.self),
            ComputeService.factory(drivers: [Drivers.libvirt, Drivers.fake], plugs: Drivers.plugs),
            ServiceFactory(APIService.self),
        ]
        await DaemonRunner.run(
            Daemon(
                name: "nova-standalone", services: services, queue: .embedsBroker,
                methodName: { RPCCatalogue.methodName($0, $1) }))
    }
}
