import NovaCore
import NovaSchema

/// How a body names a thing: by id, or by name within a domain.
enum Reference: Sendable, Equatable {
    case id(String)
    case name(String, domain: DomainReference)
}

/// How a body names a domain.
enum DomainReference: Sendable, Equatable {
    case id(String)
    case name(String)
}

/// What a token shall be good for.
enum ScopeRequest: Sendable, Equatable {
    /// The user's default project when there is one.
    case unstated
    case unscoped
    case project(Reference)
    case domain(DomainReference)
    case system
}

/// How a body names an application credential: by id, or by name with its user.
enum ApplicationCredentialReference: Sendable, Equatable {
    case id(String)
    case name(String, user: Reference)
}

/// Who asks for a token, and with what proof.
enum Credentials: Sendable, Equatable {
    case password(Reference, Secret<String>)
    case token(Secret<String>)
    case applicationCredential(ApplicationCredentialReference, Secret<String>)
}

/// The body of `POST /v3/auth/tokens`.
struct AuthRequest: Sendable, Equatable {
    var credentials: Credentials
    var scope: ScopeRequest

    /// Reads the body.
    ///
    /// - Throws: ``NovaError`` `badRequest` for a body of the wrong shape, `unauthorized` for a method we do not have.
    init(_ body: JSONValue) throws {
        guard let auth = body["auth"]?.objectValue, let identity = auth["identity"]?.objectValue else {
            throw Self.bad("Expecting to find identity in auth.")
        }
        guard let methods = identity["methods"]?.arrayValue else {
            throw Self.bad("Expecting to find methods in identity.")
        }
        let names = methods.compactMap(\.stringValue)
        guard names.count == methods.count else { throw Self.bad("A method is a string.") }
        guard names.count == 1, let method = names.first else {
            throw NovaError(.unauthorized, "Exactly one authentication method is supported.")
        }
        guard let proof = identity[method]?.objectValue else {
            throw Self.bad("Expecting to find \(method) in identity.")
        }
        switch method {
        case "password":
            guard let user = proof["user"] else { throw Self.bad("Expecting to find user in password.") }
            guard let password = user["password"]?.stringValue else {
                throw Self.bad("Expecting to find password in user.")
            }
            credentials = .password(try Self.reference(user, "user"), Secret(password))
        case "token":
            guard let id = proof["id"]?.stringValue else { throw Self.bad("Expecting to find id in token.") }
            credentials = .token(Secret(id))
        case "application_credential":
            guard let secret = proof["secret"]?.stringValue else {
                throw Self.bad("Expecting to find secret in application_credential.")
            }
            credentials = .applicationCredential(try Self.applicationCredential(.object(proof)), Secret(secret))
        default:
            throw NovaError(.unauthorized, "Attempted to authenticate with an unsupported method.")
        }
        scope = try Self.scope(auth["scope"])
        if case .applicationCredential = credentials, scope != .unstated {
            throw NovaError(.unauthorized, "Application credentials cannot request a scope.")
        }
    }

    private static func scope(_ value: JSONValue?) throws -> ScopeRequest {
        guard let value, !value.isNull else { return .unstated }
        if value.stringValue == "unscoped" || value["unscoped"] != nil { return .unscoped }
        guard let object = value.objectValue, object.count == 1 else {
            throw bad("Expecting to find exactly one of project, domain or system in scope.")
        }
        if let project = object["project"] { return .project(try reference(project, "project")) }
        if let domain = object["domain"] { return .domain(try domainReference(domain)) }
        if let system = object["system"] {
            guard system["all"]?.boolValue == true else { throw bad("Expecting to find all in system.") }
            return .system
        }
        throw bad("Expecting to find one of project, domain or system in scope.")
    }

    private static func applicationCredential(_ value: JSONValue) throws -> ApplicationCredentialReference {
        if let id = value["id"]?.stringValue { return .id(id) }
        guard let name = value["name"]?.stringValue, let user = value["user"] else {
            throw bad("Expecting to find id, or name and user, in application_credential.")
        }
        return .name(name, user: try reference(user, "user"))
    }

    private static func reference(_ value: JSONValue, _ what: String) throws -> Reference {
        if let id = value["id"]?.stringValue { return .id(id) }
        guard let name = value["name"]?.stringValue else { throw bad("Expecting to find id or name in \(what).") }
        guard let domain = value["domain"] else { throw bad("Expecting to find domain in \(what).") }
        return .name(name, domain: try domainReference(domain))
    }

    private static func domainReference(_ value: JSONValue) throws -> DomainReference {
        if let id = value["id"]?.stringValue { return .id(id) }
        if let name = value["name"]?.stringValue { return .name(name) }
        throw bad("Expecting to find id or name in domain.")
    }

    private static func bad(_ why: String) -> NovaError {
        NovaError(
            .badRequest,
            "\(why) The server could not comply with the request since it is either malformed or otherwise incorrect.")
    }
}
