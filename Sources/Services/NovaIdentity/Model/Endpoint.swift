import NovaSchema
import NovaWire

/// Where a service is reached by whom.
struct Endpoint: Record, Equatable {
    static let interfaces = ["public", "internal", "admin"]

    var id = ""
    var serviceID = ""
    var interface = ""
    var regionID: String?
    /// May contain `$(project_id)s` and its kin.
    var url = ""
    var enabled = true

    mutating func fields<V: FieldVisitor>(_ visitor: inout V) {
        visitor.visit("id", &id)
        visitor.visit("service_id", &serviceID)
        visitor.visit("interface", &interface)
        visitor.visit("region_id", &regionID)
        visitor.visit("url", &url)
        visitor.visit("enabled", &enabled)
    }

    /// The URL for a token; nil when it needs a project that the token does not have.
    func url(project: String?, user: String) -> String? {
        guard url.contains("(") else { return url }
        var result = ""
        var rest = url[...]
        while let mark = rest.firstIndex(where: { $0 == "$" || $0 == "%" }) {
            result += rest[..<mark]
            rest = rest[mark...]
            var isKnown = false
            for (name, value) in [("project_id", project), ("tenant_id", project), ("user_id", Optional(user))] {
                let place = "(\(name))s"
                guard rest.dropFirst().hasPrefix(place) else { continue }
                guard let value else { return nil }
                result += value
                rest = rest.dropFirst(1 + place.count)
                isKnown = true
                break
            }
            if !isKnown {
                result.append(rest.removeFirst())
            }
        }
        return result + rest
    }
}

extension Endpoint: Resource {
    static let table = "endpoints"
    static let singular = "endpoint"
    static let plural = "endpoints"
    static let filterColumns: Set<String> = ["id", "interface", "region_id", "service_id"]
    var key: String { id }

    func json(_ base: String) -> JSONValue {
        [
            "id": .string(id), "service_id": .string(serviceID), "interface": .string(interface),
            "region": JSONValue(regionID), "region_id": JSONValue(regionID), "url": .string(url),
            "enabled": .bool(enabled), "links": selfLink(base),
        ]
    }
}
