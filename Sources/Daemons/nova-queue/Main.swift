import NovaInterfaces
import NovaService

@main enum Main {
    static func main() async {
        await DaemonRunner.run(
            Daemon(
                name: "nova-queue", services: [], queue: .isBroker,
                methodName: { RPCCatalogue.methodName($0, $1) }))
    }
}
