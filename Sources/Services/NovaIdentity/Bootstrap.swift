import NovaSchema
import NovaCore
import NovaDatabase
import NovaWire

/// What a new cloud starts with: a domain, roles, an administrator, and the catalog of its services.
struct Bootstrap: Sendable {
    /// One service of the catalog.
    struct Offer: Sendable {
        var type: String
        var name: String
        var url: String
    }

    static let defaultDomain = DomainID("default")

    var region: String
    var offers: [Offer]

    /// Whether the database has nobody who could log in yet.
    static func isNeeded(_ store: IdentityStore) async throws -> Bool {
        try await store.read { try $0.row("SELECT 1 FROM users LIMIT 1") { _ in true } ?? false } == false
    }

    /// Makes the first domain, roles, projects and user, unless there is a user already.
    func makeAdministrator(_ store: IdentityStore, passwordHash: Secret<String>) async throws {
        try await store.database.write { connection in
            guard try connection.row("SELECT 1 FROM users LIMIT 1", [], { _ in true }) == nil else { return }
            var domain = Domain()
            domain.id = Self.defaultDomain
            domain.name = "Default"
            domain.description = "The default domain"
            try connection.upsert(domain, into: Domain.table, key: ["id"])
            var roles: [String: Role] = [:]
            for name in ["admin", "manager", "member", "reader", "service"] {
                var role = Role()
                role.id = .random()
                role.name = name
                role.options = JSONColumn(["immutable": true])
                try connection.insert(role, into: Role.table)
                roles[name] = role
            }
            for (prior, implied) in [("admin", "manager"), ("manager", "member"), ("member", "reader")] {
                guard let prior = roles[prior], let implied = roles[implied] else { continue }
                try connection.insert(ImpliedRole(prior.id, implies: implied.id), into: ImpliedRole.table)
            }
            let admin = try Self.project("admin", "Bootstrap project for initializing the cloud.", in: connection)
            _ = try Self.project("service", "Accounts of the cloud's services.", in: connection)
            var user = User()
            user.id = .random()
            user.name = "admin"
            user.domainID = Self.defaultDomain
            user.defaultProjectID = nil
            user.passwordHash = passwordHash
            try connection.insert(user, into: User.table)
            guard let role = roles["admin"] else { return }
            for place in [RoleTarget.project(admin.id), .wholeSystem] {
                try connection.insert(
                    Assignment(.user, user.id.text, place, role: role.id), into: Assignment.table)
            }
        }
    }

    private static func project(_ name: String, _ description: String, in connection: Connection) throws -> Project {
        var project = Project()
        project.id = .random()
        project.name = name
        project.domainID = defaultDomain
        project.parentID = defaultDomain.text
        project.description = description
        try connection.insert(project, into: Project.table)
        return project
    }

    /// Registers the offered services, and moves endpoints whose option has changed since the last start.
    ///
    /// Endpoints that an operator edited or deleted through the API stay as they are.
    func updateCatalog(_ store: IdentityStore) async throws {
        try await store.database.write { connection in
            if try connection.record(Region.self, from: Region.table, where: "id = ?", [.text(region)]) == nil {
                var new = Region()
                new.id = region
                try connection.insert(new, into: Region.table)
            }
            for offer in offers {
                let setting = "\(offer.type)_endpoint"
                let before = try connection.row("SELECT value FROM settings WHERE name = ?", [.text(setting)]) {
                    try $0.text(0)
                }
                guard before != offer.url else { continue }
                if let before {
                    try connection.execute(
                        "UPDATE endpoints SET url = ? WHERE url = ?", [.text(offer.url), .text(before)])
                } else {
                    try register(offer, in: connection)
                }
                try connection.execute(
                    "INSERT INTO settings (name, value) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value",
                    [.text(setting), .text(offer.url)])
            }
        }
    }

    private func register(_ offer: Offer, in connection: Connection) throws {
        var service = CatalogService()
        service.id = UUID128.random().hex
        service.type = offer.type
        service.name = offer.name
        try connection.insert(service, into: CatalogService.table)
        for interface in Endpoint.interfaces {
            var endpoint = Endpoint()
            endpoint.id = UUID128.random().hex
            endpoint.serviceID = service.id
            endpoint.interface = interface
            endpoint.regionID = region
            endpoint.url = offer.url
            try connection.insert(endpoint, into: Endpoint.table)
        }
    }
}
