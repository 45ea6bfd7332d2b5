import NovaPlacement
import NovaService

@main enum Main {
    static func main() async { await DaemonRunner.run(PlacementService.self) }
}
