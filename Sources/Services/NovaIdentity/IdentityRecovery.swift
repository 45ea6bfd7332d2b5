import Logging
public import NovaConfig
public import NovaCore
import NovaCrypto
import NovaDatabase
import NovaInterfaces
import NovaService
import NovaWire

/// What an operator does to the database of identity from its host, without a token: the first user, or the way back in.
public struct IdentityRecovery: Sendable {
    private let config: Configuration

    /// Works on the database that a configuration of the service names.
    public init(_ config: Configuration) { self.config = config }

    /// Makes what is missing of a cloud's start, and gives a user the password and the role admin.
    ///
    /// - Throws: ``NovaError`` when the database cannot be used.
    public func bootstrap(
        user name: String, project: String, password: Secret<String>
    ) async throws -> (user: UserID, project: ProjectID) {
        let log = Logger(label: "novactl") { _ in SwiftLogNoOpLogHandler() }
        let address = CommonOptions.databaseAddress(
            "identity", config, statePath: config[CommonOptions.statePath])
        let database = try Database(address, schema: IdentitySchema.current, log: log)
        do {
            let result = try await bootstrap(database, name, project, password)
            await database.close()
            return result
        } catch {
            await database.close()
            throw error
        }
    }

    func bootstrap(
        _ database: Database, _ name: String, _ project: String, _ password: Secret<String>
    ) async throws -> (user: UserID, project: ProjectID) {
        let store = IdentityStore(
            database: database, tokenLifetime: Int64(config[IdentityOptions.tokenLifetime]))
        let bootstrap = IdentityService.bootstrap(config)
        let desk = try PasswordDesk(threads: 1, rounds: config[IdentityOptions.passwordRounds])
        let hash = try await desk.hash(password)
        try await bootstrap.makeAdministrator(store, passwordHash: hash)
        try await bootstrap.updateCatalog(store)
        return try await store.change { connection, revoker in
            let place = try Self.project(project, connection)
            let user = try Self.user(name, hash, connection)
            guard
                let admin = try connection.record(
                    Role.self, from: Role.table, where: "name = 'admin' AND domain_id = ''")
            else { throw NovaError(.notFound, "There is no role admin.") }
            for target in [RoleTarget.project(place.id), .wholeSystem] {
                try connection.upsert(
                    Assignment(.user, user.id.text, target, role: admin.id), into: Assignment.table,
                    key: Assignment.key)
            }
            // Whoever knew the password before is out; running services hear of it within ten seconds.
            try revoker.revoke(.user, user.id.text, in: connection)
            return (user.id, place.id)
        }
    }

    private static func project(_ name: String, _ connection: Connection) throws -> Project {
        let present = try connection.project(.name(name, domain: .id(Bootstrap.defaultDomain.text)))
        var project = present ?? Project()
        project.enabled = true
        guard present == nil else {
            try connection.save(project, named: name)
            return project
        }
        project.id = .random()
        project.name = name
        project.domainID = Bootstrap.defaultDomain
        project.parentID = Bootstrap.defaultDomain.text
        try connection.add(project, named: name)
        return project
    }

    private static func user(_ name: String, _ hash: Secret<String>, _ connection: Connection) throws -> User {
        let present = try connection.user(.name(name, domain: .id(Bootstrap.defaultDomain.text)))
        var user = present ?? User()
        user.enabled = true
        user.passwordHash = hash
        guard present == nil else {
            try connection.save(user, named: name)
            return user
        }
        user.id = .random()
        user.name = name
        user.domainID = Bootstrap.defaultDomain
        try connection.add(user, named: name)
        return user
    }
}
