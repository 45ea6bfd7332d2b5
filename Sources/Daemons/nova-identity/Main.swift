import NovaIdentity
import NovaService

@main enum Main {
    static func main() async { await DaemonRunner.run(IdentityService.self) }
}
