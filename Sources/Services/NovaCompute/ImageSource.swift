import NovaModel

/// Where images come from.
protocol ImageSource: Sendable {
    /// Gives an image's stored file, chunk by chunk.
    func download(_ image: GrantedImage, onChunk: @escaping @Sendable ([UInt8]) async throws -> Void) async throws
}
