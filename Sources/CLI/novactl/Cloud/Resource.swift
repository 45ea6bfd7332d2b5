import NovaCore
import NovaSchema

/// A kind of thing with names and ids that a service lists.
struct Resource: Sendable {
    let service: CloudSession.Service
    let path: String
    /// The member of a list's body.
    let plural: String
    /// The member of one thing's body; empty when the body is the thing itself.
    let singular: String
    /// The word for messages.
    let word: String
    /// How to see them all.
    var listCommand: String { "novactl \(word) list" }

    static let server = Resource(
        service: .compute, path: "/servers", plural: "servers", singular: "server", word: "server")
    static let flavor = Resource(
        service: .compute, path: "/flavors", plural: "flavors", singular: "flavor", word: "flavor")
    static let image = Resource(service: .image, path: "/images", plural: "images", singular: "", word: "image")
    static let network = Resource(
        service: .network, path: "/networks", plural: "networks", singular: "network", word: "network")

    /// All things that the caller sees, page by page.
    func list(_ session: CloudSession, _ suffix: String = "", _ query: [(String, String)] = []) async throws
        -> [JSONValue]
    {
        var all: [JSONValue] = []
        var marker: String?
        while all.count < 100_000 {
            let page = try await session.get(
                service, path + suffix, query + (marker.map { [("marker", $0)] } ?? []))
            let values = page[plural]?.arrayValue ?? []
            all += values
            let hasNext =
                page["\(plural)_links"]?.arrayValue?.contains { $0["rel"]?.stringValue == "next" }
                ?? (page["next"]?.stringValue != nil)
            guard hasNext, let last = values.last?["id"]?.stringValue, last != marker else { break }
            marker = last
        }
        return all
    }

    /// The body of a thing's own address; one that is not there is told with the way to see them all.
    static func body(_ session: CloudSession, _ path: String, of word: String, _ name: String) async throws -> JSONValue
    {
        do {
            return try await session.get(.compute, "\(path)/\(CloudSession.escaped(name))")
        } catch let error as NovaError where error.code == .notFound {
            throw missing(word, name)
        }
    }

    static func missing(_ word: String, _ name: String) -> NovaError {
        NovaError(.notFound, "There is no \(word) \"\(name)\". See them with: novactl \(word) list")
    }

    func show(_ session: CloudSession, id: String) async throws -> JSONValue {
        let body = try await session.get(service, "\(path)/\(CloudSession.escaped(id))")
        return singular.isEmpty ? body : body[singular] ?? .null
    }

    /// The thing with this id, else the only one with this name.
    ///
    /// - Throws: `notFound`, or `conflict` when several have the name; both say what to do.
    func find(_ session: CloudSession, _ nameOrID: String) async throws -> JSONValue {
        do {
            return try await show(session, id: nameOrID)
        } catch let error as NovaError where error.code == .notFound || error.code == .badRequest {
            let named = try await list(session, "", word == "flavor" ? [("is_public", "None")] : [("name", nameOrID)])
                .filter { $0["name"]?.stringValue == nameOrID }
            guard named.count <= 1 else {
                throw NovaError(
                    .conflict, "\(named.count) \(plural) are named \"\(nameOrID)\". Use the id: \(listCommand)")
            }
            guard let id = named.first?["id"]?.stringValue else {
                throw Self.missing(word, nameOrID)
            }
            return try await show(session, id: id)
        }
    }

    /// The id of the thing with this id or name.
    func id(_ session: CloudSession, _ nameOrID: String) async throws -> String {
        let found = try await find(session, nameOrID)
        guard let id = found["id"]?.stringValue else {
            throw NovaError(.malformed, "The \(service.rawValue) service sent a \(word) without id.")
        }
        return id
    }

    /// The id of a server by its name, or an id as it is: a deleted server has no name that could be found.
    static func serverID(_ session: CloudSession, _ nameOrID: String) async throws -> String {
        UUID128(nameOrID) == nil ? try await server.id(session, nameOrID) : nameOrID
    }
}
