import NovaCore
import NovaDatabase
import NovaSchema
import NovaWire

/// A kind of thing with a table and a collection of its own under `/v3`.
protocol Resource: Record {
    static var table: String { get }
    /// The key of one in a body: "user".
    static var singular: String { get }
    /// The collection in paths and bodies: "users".
    static var plural: String { get }
    /// What messages call one: "user".
    static var phrase: String { get }
    /// The attributes that are columns of text, so that the database can filter by them.
    static var filterColumns: Set<String> { get }
    var key: String { get }
    /// The body of one; `base` is the URL of `/v3` as the client sees it.
    func json(_ base: String) -> JSONValue
}

extension Resource {
    static var phrase: String { singular }
    static var filterColumns: Set<String> { [] }

    func selfLink(_ base: String) -> JSONValue { ["self": "\(base)/\(Self.plural)/\(key)"] }

    /// The body with its envelope: `{"user": {…}}`.
    func body(_ base: String) -> JSONValue { .object(JSONObject([(Self.singular, json(base))])) }

    static func missing(_ id: String) -> NovaError {
        NovaError(.notFound, "Could not find \(phrase): \(id.prefix(255)).")
    }
}

extension Connection {
    /// The resource of an id.
    ///
    /// - Throws: ``NovaError`` `notFound` with Keystone's words.
    func find<R: Resource>(_ type: R.Type, _ id: String) throws -> R {
        guard let found = try record(R.self, from: R.table, where: "id = ?", [.text(id)]) else { throw R.missing(id) }
        return found
    }

    /// All of a kind, in the order of their ids.
    func all<R: Resource>(_ type: R.Type) throws -> [R] { try records(R.self, from: R.table, suffix: "ORDER BY id") }

    /// Adds a resource; a name that is taken is told in Keystone's words.
    func add<R: Resource>(_ resource: R, named name: String) throws {
        do {
            try insert(resource, into: R.table)
            try settle()
        } catch let error as NovaError where error.code == .conflict {
            throw Self.duplicate(R.self, name, error)
        }
    }

    /// Writes a changed resource; a name that is taken is told in Keystone's words.
    func save<R: Resource>(_ resource: R, named name: String) throws {
        do {
            guard try update(resource, in: R.table, key: "id") == 1 else { throw R.missing(resource.key) }
        } catch let error as NovaError where error.code == .conflict {
            throw Self.duplicate(R.self, name, error)
        }
    }

    private static func duplicate<R: Resource>(_ type: R.Type, _ name: String, _ error: NovaError) -> NovaError {
        NovaError(
            .conflict,
            "Conflict occurred attempting to store \(R.phrase) - Duplicate entry found with name \(name).",
            details: error.details)
    }
}
