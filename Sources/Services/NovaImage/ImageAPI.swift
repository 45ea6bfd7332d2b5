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

    let intake: ImageIntake
    let imports: ImageImports
    let grants: GrantAuthority
    let log: Logger
    /// Transfers at once; more wait.
    let transfers = AsyncGate(limit: 64)

    var table: ImageTable { intake.table }
    var files: ImageFileStore { intake.files }
    var limits: ImageLimits { intake.limits }

    var apis: [API] {
        [
            API(
                name: "image", prefix: "", microversions: nil, faults: .glance,
                operations: versionOperations + infoOperations + schemaOperations + imageOperations + dataOperations
                    + memberOperations + importOperations + taskOperations + definitionOperations)
        ]
    }

    /// The rules of what operations ask for besides their own.
    static let rules = ["publicize_image": "rule:context_is_admin", "communitize_image": "@"]

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
        guard let image = try await table.visible(id, to: caller.projectID, isAdmin: caller.isAdmin) else {
            throw Self.missing(id)
        }
        return image
    }

    /// The image in the path, when the caller may change it.
    func ownImage(_ request: APIRequest) async throws -> ImageRecord {
        let caller = try request.caller
        let image = try await visibleImage(request, caller: caller)
        guard mayChange(image, caller) else {
            throw NovaError(.forbidden, "You are not permitted to modify this image.")
        }
        return image
    }

    /// Whether the image is the caller's own.
    func mayChange(_ image: ImageRecord, _ caller: Caller) -> Bool {
        caller.isAdmin || (caller.projectID == image.owner && !image.owner.text.isEmpty)
    }

    func show(_ image: ImageRecord, status: Int = 200, headers: [(String, String)] = []) -> APIResponse {
        .written(status, headers: headers) { ImageView.write(image, to: &$0) }
    }
}
