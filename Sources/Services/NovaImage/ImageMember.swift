import NovaCore
import NovaModel
import NovaSchema
import NovaWire

/// What a project makes of an image that is shared with it.
enum MemberStatus: String, WireEnum, CaseIterable {
    case pending
    /// The image is in the project's lists.
    case accepted
    case rejected
}

/// A project that an image is shared with.
struct ImageMember: Record, Equatable {
    static let table = "image_members"

    var imageID = ImageID.none
    var member = ProjectID("")
    var status = MemberStatus.pending
    var createdAt = Timestamp(microseconds: 0)
    var updatedAt = Timestamp(microseconds: 0)

    init() {}
    init(_ image: ImageID, _ member: ProjectID) {
        imageID = image
        self.member = member
        createdAt = .now()
        updatedAt = createdAt
    }

    mutating func fields<V: FieldVisitor>(_ visitor: inout V) {
        visitor.visit("image_id", &imageID)
        visitor.visit("member", &member)
        visitor.visit("status", &status)
        visitor.visit("created_at", &createdAt)
        visitor.visit("updated_at", &updatedAt)
    }

    /// Writes it as the API shows it.
    func write(to json: inout JSONWriter) {
        json.object { json in
            json.field("member_id", member.text)
            json.field("image_id", "\(imageID)")
            json.field("status", status.rawValue)
            json.field("created_at", createdAt.iso8601)
            json.field("updated_at", updatedAt.iso8601)
            json.field("schema", "/v2/schemas/member")
        }
    }
}
