import NovaAuth
import NovaConfig
import NovaCore
import NovaDatabase
import NovaHTTP
import NovaRPC
import NovaService

/// `nova-image` with images of its own: the Image API and the images' files.
struct StoredImageService: RunnableService {
    private let context: ServiceContext
    private let database: Database
    private let intake: ImageIntake
    private let imports: ImageImports
    private let http: HealthPart

    /// Opens the database, `image.sqlite`, and the store, and clears away what a crash left.
    ///
    /// - Throws: ``NovaError`` when a file or folder cannot be used.
    init(_ context: ServiceContext) async throws {
        self.context = context
        http = context.part("http", waitsFor: "does not listen yet")
        let databasePart = context.part("database", waitsFor: "is being opened")
        let folder = context.config[ImageOptions.path]
        database = try Database(
            context.databaseAddress("image"), schema: ImageSchema.current, log: context.log)
        database.report(to: context.metrics, service: context.name)
        databasePart.ready()
        let limit = Int64(context.config[ImageOptions.sizeLimitGB]) << 30
        let files = try ImageFileStore(
            folder: folder.isEmpty ? "\(context.statePath)/images" : folder, sizeLimit: limit)
        intake = ImageIntake(
            table: ImageTable(database: database), files: files, inspector: DiskInspector(virtualSizeLimit: limit),
            limits: ImageLimits(context.config))
        imports = ImageImports(
            intake: intake, methods: context.config[ImageOptions.importMethods], filter: ImportFilter(context.config),
            workers: context.config[ImageOptions.imports], log: context.log)
        files.sweep(keeping: try await intake.table.recover())
        try await imports.resume()
    }

    /// Serves the API and the queue until the task is cancelled.
    func run() async throws {
        let authenticator = try await ServiceAuthentication.connect(context.config, bus: context.bus, log: context.log)
        let api = ImageAPI(
            intake: intake, imports: imports, grants: GrantAuthority(bus: context.bus), log: context.log)
        let server = try HTTPServer(
            name: ImageService.name, host: context.config[ImageOptions.listen], port: context.config[ImageOptions.port],
            apis: api.apis, authenticator: authenticator,
            policy: context.policy(base: ImageAPI.rules), certificate: context.certificate, log: context.log,
            authURI: context.config[ImageOptions.authURI], metrics: context.metrics,
            served: context.bus.served, onPolicy: context.onPolicy)
        let images = StoredImages(table: intake.table, files: intake.files)
        try await ImageServing(context: context, server: server, images: images, http: http).run(
            beside: [authenticator.run, imports.run]
        ) {
            await database.close()
        }
    }
}
