import NovaModel

/// Where snapshots go.
protocol ImageSink: Sendable {
    /// Stores a file as an image's data; succeeds when the image has data already.
    func upload(_ path: String, as image: GrantedImage) async throws

    /// Whether the image has its data.
    func isComplete(_ image: GrantedImage) async throws -> Bool
}
