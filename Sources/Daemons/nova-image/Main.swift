import NovaImage
import NovaService

@main enum Main {
    static func main() async { await DaemonRunner.run(ImageService.self) }
}
