import Logging
import NovaAuth
import NovaCore
import NovaCrypto
import NovaHTTP
import NovaSchema

/// The Image API, version 2: the operations and what they share.
struct ImageAPI: Sendable {
    static let reader = "rule:project_reader_or_admin"
    static let member = "rule:project_member_or_admin"

    let table: ImageTable
    let files: ImageFileStore
    let grants: GrantAuthority
    let log: Logger
    /// Transfers at once; more wait.
    let transfers = AsyncGate(limit: 64)

    var apis: [API] {
        [
            API(
                name: "image", prefix: "", microversions: nil, faults: .glance,
                operations: versionOperations + infoOperations + imageOperations + dataOperations)
        ]
    }

    /// The id in the path.
    ///
    /// - Throws: ``NovaError`` `notFound` when it is none.
    func imageID(_ request: APIRequest) throws -> ImageID {
        let text = try request.parameter("image_id")
        guard let id = ImageID(text) else { throw Self.missing(text) }
        return id
    }

    static func missing(_ id: some CustomStringConvertible) -> NovaError {
        NovaError(.notFound, "No image found with ID \(id)")
    }

    /// The image in the path, when the caller may see it.
    func visibleImage(_ request: APIRequest, caller: Caller) async throws -> ImageRecord {
        let id = try imageID(request)
        guard let image = try await table.find(id),
            image.isVisible(to: caller.projectID, isAdmin: caller.isAdmin)
        else { throw Self.missing(id) }
        return image
    }

    /// The image in the path, when the caller may change it.
    func ownImage(_ request: APIRequest) async throws -> ImageRecord {
        let caller = try request.caller
        let image = try await visibleImage(request, caller: caller)
        guard caller.isAdmin || caller.projectID == image.owner else {
            throw NovaError(.forbidden, "You are not permitted to modify this image.")
        }
        return image
    }

    func show(_ image: ImageRecord, status: Int = 200, headers: [(String, String)] = []) -> APIResponse {
        .written(status, headers: headers) { ImageView.write(image, to: &$0) }
    }
}
