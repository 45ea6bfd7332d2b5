import NovaCrypto
import NovaSchema
import NovaWire

/// One kind of request that an application credential may make.
struct AccessRule: Record, Equatable {
    static let methods = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"]

    var id = ""
    var userID = ""
    var service = ""
    var method = ""
    /// With `*` for one segment of the path, `**` for any rest, `{name}` for a named segment.
    var path = ""

    mutating func fields<V: FieldVisitor>(_ visitor: inout V) {
        visitor.visit("id", &id)
        visitor.visit("user_id", &userID)
        visitor.visit("service", &service)
        visitor.visit("method", &method)
        visitor.visit("path", &path)
    }

    /// The rule inside an application credential.
    var reference: JSONValue {
        ["id": .string(id), "service": .string(service), "method": .string(method), "path": .string(path)]
    }

    var claim: AccessRuleClaim { AccessRuleClaim(service: service, method: method, path: path) }
}

extension AccessRule: Resource {
    static let table = "access_rules"
    static let singular = "access_rule"
    static let plural = "access_rules"
    var key: String { id }

    func json(_ base: String) -> JSONValue {
        var body = reference.objectValue ?? [:]
        body["links"] = ["self": .string("\(base)/users/\(userID)/access_rules/\(id)")]
        return .object(body)
    }
}
