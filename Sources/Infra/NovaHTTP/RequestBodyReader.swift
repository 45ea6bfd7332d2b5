import NovaCore
import NovaSchema

/// Reads the JSON body of a request, within its limit.
struct RequestBodyReader {
    private static let jsonTypes: Set = [
        "application/json", "application/vnd.openstack.compute+json",
    ]
    let operation: Operation
    let incoming: IncomingRequest

    /// The body; nil when there is none or the operation takes none.
    ///
    /// - Throws: ``NovaError`` `tooLarge`, `unsupportedMedia`, or `badRequest` for what is no JSON.
    func read() async throws -> JSONValue? {
        guard !operation.streamsBody else { return nil }
        let announced = incoming.header("Content-Length")
        guard announced != nil || incoming.header("Transfer-Encoding") != nil else { return nil }
        if let length = announced.flatMap({ Int($0) }), length > operation.maximumBody {
            throw NovaError(.tooLarge, "Request is too large.")
        }
        let bytes = try await incoming.body.collect(atMost: operation.maximumBody)
        guard !bytes.isEmpty, !operation.body.isEmpty || operation.action != nil else { return nil }
        let header = incoming.header("Content-Type") ?? ""
        let type = header.prefix { $0 != ";" }.trimmedSpaces.lowercased()
        switch type {
        case _ where type.isEmpty || Self.jsonTypes.contains(type) || operation.contentTypes.contains(type): break
        case "text/plain": return nil
        default: throw NovaError(.unsupportedMedia, "Unsupported Content-Type")
        }
        return try JSONValue.parse(bytes)
    }
}
