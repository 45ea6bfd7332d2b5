import NovaCore
import NovaModel
import NovaSchema
import NovaWire

/// How far a task is.
enum ImportTaskStatus: String, WireEnum {
    case pending, processing, success, failure
}

/// An import that was accepted: it is done, whatever happens to the process, or it says why not.
struct ImportTask: Record, Equatable {
    static let table = "image_tasks"
    /// How often an import is begun, should the process end each time.
    static let attemptLimit: Int64 = 3
    /// For two days users can see what became of it.
    static let lifetime: Int64 = 48 * 3600

    var id = UUID128.random()
    var imageID = ImageID.none
    /// `api_image_import`, or `import` of the older Tasks API.
    var type = "api_image_import"
    var status = ImportTaskStatus.pending
    var owner = ProjectID("")
    var userID = UserID("")
    var requestID = ""
    /// `glance-direct` or `web-download`.
    var method = ""
    /// Where `web-download` fetches.
    var uri = ""
    /// What the client sent, as JSON.
    var input = ""
    var message = ""
    var attempts: Int64 = 0
    var createdAt = Timestamp(microseconds: 0)
    var updatedAt = Timestamp(microseconds: 0)
    var expiresAt = Timestamp(microseconds: 0)

    init() {}

    mutating func fields<V: FieldVisitor>(_ visitor: inout V) {
        visitor.visit("id", &id)
        visitor.visit("image_id", &imageID)
        visitor.visit("type", &type)
        visitor.visit("status", &status)
        visitor.visit("owner", &owner)
        visitor.visit("user_id", &userID)
        visitor.visit("request_id", &requestID)
        visitor.visit("method", &method)
        visitor.visit("uri", &uri)
        visitor.visit("input", &input)
        visitor.visit("message", &message)
        visitor.visit("attempts", &attempts)
        visitor.visit("created_at", &createdAt)
        visitor.visit("updated_at", &updatedAt)
        visitor.visit("expires_at", &expiresAt)
    }

    /// What the client sent; null for a damaged row.
    private var document: JSONValue { (try? JSONValue.parse(text: input)) ?? .null }  // we wrote it

    private var result: JSONValue { status == .success ? .object(["image_id": .string("\(imageID)")]) : .null }

    /// Writes it as the API shows it; lists of all tasks leave the contents out.
    func write(to json: inout JSONWriter, whole: Bool = true) {
        json.object { json in
            json.field("id", "\(id)")
            json.field("type", type)
            json.field("status", status.rawValue)
            json.field("owner", owner.text)
            json.field("created_at", createdAt.iso8601)
            json.field("updated_at", updatedAt.iso8601)
            if status == .success || status == .failure { json.field("expires_at", expiresAt.iso8601) }
            if whole {
                json.field("image_id", "\(imageID)")
                json.field("request_id", requestID)
                json.field("user_id", userID.text)
                json.field("message", message)
                json.field("input", document)
                json.field("result", result)
            }
            json.field("self", "/v2/tasks/\(id)")
            json.field("schema", "/v2/schemas/task")
        }
    }
}
