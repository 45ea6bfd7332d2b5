import NovaSchema
import NovaWire

/// A part of the cloud with endpoints of its own.
struct Region: Record, Equatable {
    var id = ""
    var description = ""
    var parentRegionID: String?

    mutating func fields<V: FieldVisitor>(_ visitor: inout V) {
        visitor.visit("id", &id)
        visitor.visit("description", &description)
        visitor.visit("parent_region_id", &parentRegionID)
    }
}

extension Region: Resource {
    static let table = "regions"
    static let singular = "region"
    static let plural = "regions"
    static let filterColumns: Set<String> = ["parent_region_id"]
    var key: String { id }

    func json(_ base: String) -> JSONValue {
        [
            "id": .string(id), "description": .string(description), "parent_region_id": JSONValue(parentRegionID),
            "links": selfLink(base),
        ]
    }
}
