import NovaAPI
import NovaService

@main enum Main {
    static func main() async { await DaemonRunner.run(APIService.self) }
}
