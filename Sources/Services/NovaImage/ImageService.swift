public import NovaConfig
public import NovaService

/// `nova-image`: the Image API and the images' files; or the way to those of a Glance of somebody else.
public struct ImageService: CloudService {
    public static let name = "nova-image"
    public static let role = "image"
    public static let options: [any OptionDeclaration] = ImageOptions.all

    private let service: any RunnableService

    /// Opens what keeps the images.
    ///
    /// - Throws: ``NovaError`` when a file or folder cannot be used.
    public init(_ context: ServiceContext) async throws {
        service =
            context.config[GlanceOptions.endpoint].isEmpty
            ? try await StoredImageService(context) : GlanceService(context)
    }

    /// Works until the task is cancelled.
    public func run() async throws { try await service.run() }
}
