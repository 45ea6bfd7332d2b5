import NovaAuth
import NovaConfig
import NovaCore
import NovaHTTP
import NovaHTTPClient
import NovaRPC
import NovaService

/// `nova-image` before a Glance of somebody else: it has no images of its own, and stands between that Glance and the
/// cloud's other services, which work with it as with ours.
struct GlanceService: RunnableService {
    private static let interval = Duration.seconds(20)

    private let context: ServiceContext
    private let glance: GlanceClient
    private let http: HealthPart
    private let health: HealthPart

    init(_ context: ServiceContext) {
        self.context = context
        http = context.part("http", waitsFor: "does not listen yet")
        health = context.part("glance", waitsFor: "Glance has not answered yet")
        glance = GlanceClient(context.config, log: context.log)
    }

    func run() async throws {
        let gateway = GlanceGateway(glance: glance, grants: GrantAuthority(bus: context.bus))
        let server = try HTTPServer(
            name: ImageService.name, host: context.config[ImageOptions.listen], port: context.config[ImageOptions.port],
            apis: [gateway.api], authenticator: nil, certificate: context.certificate, log: context.log,
            authURI: context.config[ImageOptions.authURI], metrics: context.metrics, served: context.bus.served)
        let images = GlanceImages(glance: glance)
        try await ImageServing(context: context, server: server, images: images, http: http).run(beside: [watch]) {
            await glance.http.shutdown()
        }
    }

    /// Says in the daemon's status whether Glance answers, and lets the service user in.
    private func watch() async {
        while !Task.isCancelled {
            do {
                _ = try await glance.send("GET", "/v2/images?limit=1")
                health.ready()
            } catch let error as NovaError where error.code == .cancelled {
                return
            } catch {
                health.set(.degraded("Glance at \(glance.base) does not work: \(NovaError(error))"))
            }
            await WakeUp().wait(atMost: Self.interval)
        }
    }
}
