import NovaCore
import NovaDatabase
import NovaHTTP
import NovaModel
import NovaSchema
import NovaStore

/// `/flavors` (`spec/compute-api.md`).
struct FlavorsResource: Sendable {
    let parts: APIParts

    var operations: [Operation] {
        [
            Operation(
                .get, "/flavors", name: "os_compute_api:flavors:index", query: Self.listQuery, policy: Rules.anyone,
                summary: "Lists flavors."
            ) { try await list($0) { $0.brief($1, to: &$2) } },
            Operation(
                .get, "/flavors/detail", name: "os_compute_api:flavors:detail", query: Self.listQuery,
                policy: Rules.anyone, summary: "Lists flavors with details."
            ) { try await list($0) { $0.full($1, to: &$2) } },
            Operation(
                .get, "/flavors/{id}", name: "os_compute_api:flavors:show", query: Queries.none, policy: Rules.anyone,
                summary: "Shows a flavor."
            ) { request in Self.answer(try await parts.flavor(request), request) },
            Operation(
                .post, "/flavors", name: "os_compute_api:os-flavor-manage:create", body: Self.createBody,
                policy: Rules.admin, summary: "Creates a flavor.", create),
            Operation(
                .put, "/flavors/{id}", name: "os_compute_api:os-flavor-manage:update", since: .v(55),
                body: [
                    BodySchema(
                        .wrapped(
                            "flavor",
                            .object(
                                properties: ["description": Schemas.nullableDescription], required: ["description"],
                                additional: false)))
                ], policy: Rules.admin, summary: "Changes a flavor's description.", update),
            Operation(
                .delete, "/flavors/{id}", name: "os_compute_api:os-flavor-manage:delete", policy: Rules.admin,
                success: 202, summary: "Deletes a flavor; servers keep theirs.", delete),
        ]
    }

    private static let listQuery: [BodySchema] = {
        func keys(_ names: [String]) -> JSONSchema { .enumeration(names.map { .string($0) }) }
        let names = FlavorSorting.keys.keys.sorted()
        return Queries.of(
            [
                "limit": Schemas.limit, "marker": .string, "is_public": .string, "minRam": .string, "minDisk": .string,
                "sort_key": keys(names), "sort_dir": keys(["asc", "desc"]),
            ], changes: [102: ["name": .string, "sort_key": keys(names.filter { $0 != "rxtx_factor" })]])
    }()

    private static let decimal = JSONSchema.string(
        min: 1, max: nil,
        StringRule(.pattern("^[0-9]+(\\.[0-9]+)?$")) { text in
            let parts = text.split(separator: ".", omittingEmptySubsequences: false)
            return (1...2).contains(parts.count)
                && parts.allSatisfy { part in
                    !part.isEmpty && part.utf8.allSatisfy { (48...57).contains($0) }
                }
        })
    private static let createBody: [BodySchema] = {
        let id = StringRule(.pattern("^(?! )[a-zA-Z0-9. _-]+(?<! )$")) { text in
            !text.hasPrefix(" ") && !text.hasSuffix(" ")
                && text.utf8.allSatisfy { byte in
                    (48...57).contains(byte) || (65...90).contains(byte) || (97...122).contains(byte)
                        || [32, 45, 46, 95].contains(byte)
                }
        }
        var properties: [String: JSONSchema] = [
            "name": .name, "id": .anyOf([.string(min: 1, max: 255, id), .number(), .null]),
            "ram": Schemas.flavorNumber, "vcpus": Schemas.flavorNumber, "disk": Schemas.flavorSize,
            "OS-FLV-EXT-DATA:ephemeral": Schemas.flavorSize, "swap": Schemas.flavorSize,
            "rxtx_factor": .anyOf([.number(max: 3.40282e+38), Self.decimal]), "os-flavor-access:is_public": .boolean,
        ]
        func body() -> JSONSchema {
            .object(
                properties: [
                    "flavor": .object(
                        properties: properties, required: ["name", "ram", "vcpus", "disk"], additional: false)
                ], required: ["flavor"], additional: false)
        }
        let first = body()
        properties["description"] = Schemas.nullableDescription
        let since55 = body()
        properties["rxtx_factor"] = nil
        return [
            BodySchema(since: Microversion(2, 1), first), BodySchema(since: Microversion(2, 55), since55),
            BodySchema(since: Microversion(2, 102), body()),
        ]
    }()

    private func list(
        _ request: APIRequest, _ write: @escaping @Sendable (FlavorView, Flavor, inout JSONWriter) -> Void
    ) async throws -> APIResponse {
        try await parts.remembered(request) { connection in
            let flavors = try page(request, connection)
            let view = FlavorView(request)
            let isFull = try !flavors.isEmpty && flavors.count == Int(Paging(request, maximum: parts.maxLimit).limit)
            return .written(200) { writer in
                writer.object { writer in
                    writer.field("flavors", array: { writer in for flavor in flavors { write(view, flavor, &writer) } })
                    view.links.writeNext("flavors", request, marker: isFull ? flavors.last?.id : nil, to: &writer)
                }
            }
        }
    }

    private func page(_ request: APIRequest, _ connection: Connection) throws -> ArraySlice<Flavor> {
        let caller = try request.caller
        let paging = try Paging(request, maximum: parts.maxLimit)
        let minimumRAM = try number(request, "minRam")
        let minimumDisk = try number(request, "minDisk")
        let wanted = try Self.wantsPublic(request, isAdmin: caller.isAdmin)
        let table = FlavorTable(connection)
        let granted = try caller.projectID.map { try table.granted(to: $0) } ?? []
        var flavors = try table.list().filter { flavor in
            guard flavor.memoryMB >= minimumRAM, flavor.rootGB >= minimumDisk else { return false }
            guard caller.isAdmin else {
                return !flavor.isDisabled && (flavor.isPublic || granted.contains(flavor.id))
            }
            return wanted == nil || flavor.isPublic == wanted || wanted == true && granted.contains(flavor.id)
        }
        if let name = request.query("name"), request.atLeast(102) { flavors.removeAll { !$0.name.contains(name) } }
        flavors = FlavorSorting.sorted(flavors, request)
        if let marker = paging.marker {
            guard let index = flavors.firstIndex(where: { $0.id == marker }) else {
                throw NovaError(.badRequest, "marker [\(marker)] not found")
            }
            flavors.removeFirst(index + 1)
        }
        return flavors.prefix(Int(paging.limit))
    }

    /// `is_public`: administrators may ask for all (nil), for public or for other flavors; users get what they may use.
    private static func wantsPublic(_ request: APIRequest, isAdmin: Bool) throws -> Bool? {
        guard isAdmin, let text = request.query("is_public") else { return true }
        switch text.lowercased() {
        case "none": return nil
        case "1", "t", "true", "on", "y", "yes": return true
        case "0", "f", "false", "off", "n", "no": return false
        default: throw NovaError(.badRequest, "Invalid is_public filter [\(text)]")
        }
    }

    private func number(_ request: APIRequest, _ name: String) throws -> Int64 {
        guard let text = request.query(name) else { return 0 }
        guard let value = Int64(text) else { throw NovaError(.badRequest, "Invalid \(name) filter [\(text)]") }
        return value
    }

    private static func answer(_ flavor: Flavor, _ request: APIRequest) -> APIResponse {
        .written(200) { writer in
            writer.object { writer in
                writer.key("flavor")
                FlavorView(request).full(flavor, to: &writer)
            }
        }
    }

    private func update(_ request: APIRequest) async throws -> APIResponse {
        let id = try request.parameter("id")
        let text = request.body["flavor"]?["description"]?.stringValue
        guard let flavor = try await parts.database.write({ try FlavorTable($0).change(id) { $0.text = text } }) else {
            throw NovaError(.notFound, "Flavor \(id) could not be found.")
        }
        return Self.answer(flavor, request)
    }

    private func create(_ request: APIRequest) async throws -> APIResponse {
        let body = request.body["flavor"] ?? .null
        var flavor = Flavor()
        flavor.name = body["name"]?.stringValue ?? ""
        switch body["id"] ?? .null {
        case .integer(let number): flavor.id = String(number)
        case .number(let number): flavor.id = "\(number)"
        case .string(let text) where text != "auto": flavor.id = text
        default: flavor.id = UUID128.random().description
        }
        flavor.memoryMB = body["ram"]?.lenientInteger ?? 0
        flavor.vcpus = body["vcpus"]?.lenientInteger ?? 0
        flavor.rootGB = body["disk"]?.lenientInteger ?? 0
        flavor.ephemeralGB = body["OS-FLV-EXT-DATA:ephemeral"]?.lenientInteger ?? 0
        flavor.swapMB = body["swap"]?.lenientInteger ?? 0
        let factor = body["rxtx_factor"]
        flavor.rxtxFactor = factor?.doubleValue ?? factor?.stringValue.flatMap { Double($0) } ?? 1
        flavor.isPublic = body["os-flavor-access:is_public"]?.lenientBool ?? true
        flavor.text = body["description"]?.stringValue
        let wanted = flavor
        let created = try await parts.database.write { connection in
            var flavor = wanted
            let table = FlavorTable(connection)
            if try table.find(flavor.id) != nil {
                throw NovaError(.conflict, "Flavor with ID \(flavor.id) already exists.")
            }
            if try table.list().contains(where: { $0.name == flavor.name }) {
                throw NovaError(.conflict, "Flavor with name \(flavor.name) already exists.")
            }
            try table.insert(&flavor)
            return flavor
        }
        return Self.answer(created, request)
    }

    private func delete(_ request: APIRequest) async throws -> APIResponse {
        let id = request.parameters["id"] ?? ""
        guard try await parts.database.write({ try FlavorTable($0).delete(id) }) else {
            throw NovaError(.notFound, "Flavor \(id) could not be found.")
        }
        return .empty(202)
    }
}
