import NovaCore
import NovaCrypto
import NovaDatabase
import NovaSchema

/// The body of a token in the Identity API.
enum TokenBody {
    /// `{"token": {…}}`, with a catalog when one is given.
    static func json(_ claims: TokenClaims, catalog: JSONValue?) -> JSONValue {
        var token: JSONObject = [
            "methods": JSONValue(claims.methods),
            "user": [
                "id": .string(claims.userID.text), "name": .string(claims.userName),
                "domain": ["id": .string(claims.userDomainID.text), "name": .string(claims.userDomainName)],
                "password_expires_at": nil,
            ],
            "audit_ids": JSONValue([claims.auditID] + (claims.parentAuditID.map { [$0] } ?? [])),
            "expires_at": .string(claims.expires.iso8601MicroZ), "issued_at": .string(claims.issued.iso8601MicroZ),
        ]
        if let project = claims.projectID {
            token["project"] = [
                "id": .string(project.text), "name": .string(claims.projectName),
                "domain": ["id": .string(claims.projectDomainID.text), "name": .string(claims.projectDomainName)],
            ]
            token["is_domain"] = false
        } else if let domain = claims.domainID {
            token["domain"] = ["id": .string(domain.text), "name": .string(claims.domainName)]
        } else if claims.isSystem {
            token["system"] = ["all": true]
        }
        if let credential = claims.applicationCredential {
            var body: JSONObject = [
                "id": .string(credential.id), "name": .string(credential.name),
                "restricted": .bool(credential.isRestricted),
            ]
            if credential.hasAccessRules {
                body["access_rules"] = .array(
                    credential.accessRules.map {
                        ["service": .string($0.service), "method": .string($0.method), "path": .string($0.path)]
                    })
            }
            token["application_credential"] = .object(body)
        }
        if claims.isScoped {
            token["roles"] = .array(claims.roles.map { ["id": .string($0.id.text), "name": .string($0.name)] })
            if let catalog { token["catalog"] = catalog }
        }
        return ["token": .object(token)]
    }

    /// The services and endpoints that a token's holder can use.
    static func catalog(for claims: TokenClaims, in connection: Connection) throws -> JSONValue {
        let endpoints = Dictionary(grouping: try connection.all(Endpoint.self).filter(\.enabled), by: \.serviceID)
        let services = try connection.all(CatalogService.self).filter(\.enabled).sorted { $0.type < $1.type }
        return .array(
            services.map { service in
                let reachable = (endpoints[service.id] ?? []).compactMap { endpoint -> JSONValue? in
                    guard let url = endpoint.url(project: claims.projectID?.text, user: claims.userID.text) else {
                        return nil
                    }
                    return [
                        "id": .string(endpoint.id), "interface": .string(endpoint.interface),
                        "region": JSONValue(endpoint.regionID), "region_id": JSONValue(endpoint.regionID),
                        "url": .string(url),
                    ]
                }
                return [
                    "id": .string(service.id), "type": .string(service.type), "name": .string(service.name),
                    "endpoints": .array(reachable),
                ]
            })
    }
}

extension TokenClaims {
    /// Whether the token is good for a project, a domain or the system.
    var isScoped: Bool { projectID != nil || domainID != nil || isSystem }
}
