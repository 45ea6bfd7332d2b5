import NovaCore
import NovaHTTP
import NovaSchema

/// The body of a token as Keystone shows it.
enum KeystoneToken {
    /// Who the token belongs to; nil for a body that is none.
    static func caller(_ body: JSONValue, _ token: String) -> Caller? {
        guard let user = body["user"], let id = user["id"]?.stringValue,
            let end = body["expires_at"]?.stringValue, let expires = Timestamp(iso8601: end)
        else { return nil }
        let roles = (body["roles"]?.arrayValue ?? []).compactMap { $0["name"]?.stringValue }
        let project = body["project"]
        var rules: [AccessRulePattern]?
        if let list = body["application_credential"]?["access_rules"]?.arrayValue {
            rules = list.map { rule in
                AccessRulePattern(
                    service: rule["service"]?.stringValue ?? "", method: rule["method"]?.stringValue ?? "",
                    path: rule["path"]?.stringValue ?? "")
            }
        }
        func text(_ value: JSONValue?, _ name: String) -> String { value?[name]?.stringValue ?? "" }
        return Caller(
            userID: UserID(id), userName: text(user, "name"), userDomainID: DomainID(text(user["domain"], "id")),
            userDomainName: text(user["domain"], "name"),
            projectID: project.flatMap { $0["id"]?.stringValue }.map { ProjectID($0) },
            projectName: text(project, "name"), projectDomainID: DomainID(text(project?["domain"], "id")),
            projectDomainName: text(project?["domain"], "name"),
            domainID: body["domain"].flatMap { $0["id"]?.stringValue }.map { DomainID($0) },
            isSystemScoped: body["system"]?["all"]?.boolValue == true, roles: roles,
            isAdmin: roles.contains("admin"), tokenID: Secret(token), expires: expires, accessRules: rules)
    }
}
