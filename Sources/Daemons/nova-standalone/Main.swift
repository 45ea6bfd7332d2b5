import ComputeDrivers
import NetworkDrivers
import NovaAPI
import NovaCompute
import NovaConductor
import NovaDatabase
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
        // One writer for what both write: it commits the changes of both together.
        let databases = OpenDatabases()
        let services = [
            ServiceFactory(IdentityService.self), ServiceFactory(PlacementService.self),
            ServiceFactory(ImageService.self), NetworkService.factory(drivers: NetworkDrivers.all),
            ServiceFactory(SchedulerService.self), ConductorService.factory(sharing: databases),
            ComputeService.factory(drivers: ComputeDrivers.virt, plugs: ComputeDrivers.plugs),
            APIService.factory(sharing: databases),
        ]
        await DaemonRunner.run(
            Daemon(
                name: "nova-standalone", services: services, queue: .embedsBroker,
                methodName: { RPCCatalogue.methodName($0, $1) }))
    }
}
