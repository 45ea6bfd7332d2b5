import NovaCore
import NovaSchema
import NovaWire

/// A proof of another kind than a password, such as a pair of EC2 keys.
struct Credential: Record, Equatable {
    var id = ""
    var userID = UserID("")
    var projectID: ProjectID?
    var type = ""
    /// What the client gave, sealed with the service's key.
    var sealedBlob = ""

    mutating func fields<V: FieldVisitor>(_ visitor: inout V) {
        visitor.visit("id", &id)
        visitor.visit("user_id", &userID)
        visitor.visit("project_id", &projectID)
        visitor.visit("type", &type)
        visitor.visit("sealed_blob", &sealedBlob)
    }
}

extension Credential: Resource {
    static let table = "credentials"
    static let singular = "credential"
    static let plural = "credentials"
    var key: String { id }

    func json(_ base: String) -> JSONValue { json(base, blob: "") }

    func json(_ base: String, blob: String) -> JSONValue {
        [
            "id": .string(id), "user_id": .string(userID.text), "project_id": JSONValue(projectID?.text),
            "type": .string(type), "blob": .string(blob), "links": selfLink(base),
        ]
    }
}
