import NovaConductor
import NovaService

@main enum Main {
    static func main() async { await DaemonRunner.run(ConductorService.self) }
}
