import NovaScheduler
import NovaService

@main enum Main {
    static func main() async { await DaemonRunner.run(SchedulerService.self) }
}
