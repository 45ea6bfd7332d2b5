import NovaCore
import NovaSchema
import NovaWire

/// What a service allows each project of a resource, unless a limit says otherwise.
struct RegisteredLimit: Record, Equatable {
    var id = ""
    var serviceID = ""
    /// Empty for all regions.
    var regionID = ""
    var resourceName = ""
    var defaultLimit: Int64 = 0
    var description: String?

    mutating func fields<V: FieldVisitor>(_ visitor: inout V) {
        visitor.visit("id", &id)
        visitor.visit("service_id", &serviceID)
        visitor.visit("region_id", &regionID)
        visitor.visit("resource_name", &resourceName)
        visitor.visit("default_limit", &defaultLimit)
        visitor.visit("description", &description)
    }
}

extension RegisteredLimit: Resource {
    static let table = "registered_limits"
    static let singular = "registered_limit"
    static let plural = "registered_limits"
    static let phrase = "registered limit"
    var key: String { id }

    func json(_ base: String) -> JSONValue {
        [
            "id": .string(id), "service_id": .string(serviceID),
            "region_id": regionID.isEmpty ? nil : .string(regionID),
            "resource_name": .string(resourceName), "default_limit": .integer(defaultLimit),
            "description": JSONValue(description), "links": selfLink(base),
        ]
    }
}

/// What one project or domain is allowed of a resource.
struct ResourceLimit: Record, Equatable {
    var id = ""
    /// Empty for a limit of a domain.
    var projectID = ""
    /// Empty for a limit of a project.
    var domainID = ""
    var serviceID = ""
    /// Empty for all regions.
    var regionID = ""
    var resourceName = ""
    var resourceLimit: Int64 = 0
    var description: String?

    mutating func fields<V: FieldVisitor>(_ visitor: inout V) {
        visitor.visit("id", &id)
        visitor.visit("project_id", &projectID)
        visitor.visit("domain_id", &domainID)
        visitor.visit("service_id", &serviceID)
        visitor.visit("region_id", &regionID)
        visitor.visit("resource_name", &resourceName)
        visitor.visit("resource_limit", &resourceLimit)
        visitor.visit("description", &description)
    }
}

extension ResourceLimit: Resource {
    static let table = "limits"
    static let singular = "limit"
    static let plural = "limits"
    var key: String { id }

    func json(_ base: String) -> JSONValue {
        [
            "id": .string(id), "project_id": projectID.isEmpty ? nil : .string(projectID),
            "domain_id": domainID.isEmpty ? nil : .string(domainID), "service_id": .string(serviceID),
            "region_id": regionID.isEmpty ? nil : .string(regionID), "resource_name": .string(resourceName),
            "resource_limit": .integer(resourceLimit), "description": JSONValue(description), "links": selfLink(base),
        ]
    }
}
