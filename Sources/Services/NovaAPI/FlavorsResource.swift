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
                .get, "/flavors", name: "os_compute_api:flavors:index", policy: "@", summary: "Lists flavors."
            ) { try await list($0) { $0.brief($1, to: &$2) } },
            Operation(
                .get, "/flavors/detail", name: "os_compute_api:flavors:detail", policy: "@",
                summary: "Lists flavors with details."
            ) { try await list($0) { $0.full($1, to: &$2) } },
            Operation(
                .get, "/flavors/{id}", name: "os_compute_api:flavors:show", policy: "@", summary: "Shows a flavor.",
                show),
            Operation(
                .post, "/flavors", name: "os_compute_api:os-flavor-manage:create", body: Self.createBody,
                policy: "rule:context_is_admin", summary: "Creates a flavor.", create),
            Operation(
                .delete, "/flavors/{id}", name: "os_compute_api:os-flavor-manage:delete",
                policy: "rule:context_is_admin",
                success: 202, summary: "Deletes a flavor; servers keep theirs.", delete),
            Operation(
                .get, "/flavors/{id}/os-extra_specs", name: "os_compute_api:os-flavor-extra-specs:index", policy: "@",
                summary: "Lists a flavor's extra specs.", extraSpecs),
        ]
    }

    private static let name = JSONSchema.string(min: 1, max: 255)
    private static let createBody: [BodySchema] = {
        var properties: [String: JSONSchema] = [
            "name": name, "id": .anyOf([.string(min: 1, max: 255), .integer(min: 0, max: nil), .null]),
            "ram": .integer(min: 1, max: 2_147_483_647), "vcpus": .integer(min: 1, max: 2_147_483_647),
            "disk": .integer(min: 0, max: 2_147_483_647),
            "OS-FLV-EXT-DATA:ephemeral": .integer(min: 0, max: 2_147_483_647),
            "swap": .integer(min: 0, max: 2_147_483_647), "rxtx_factor": .any,
            "os-flavor-access:is_public": .boolean,
        ]
        func body() -> JSONSchema {
            .object(
                properties: [
                    "flavor": .object(
                        properties: properties, required: ["name", "ram", "vcpus", "disk"], additional: false)
                ], required: ["flavor"], additional: false)
        }
        let first = body()
        properties["description"] = .anyOf([.string(min: 0, max: 65535), .null])
        let since55 = body()
        properties["rxtx_factor"] = nil
        return [
            BodySchema(since: Microversion(2, 1), first), BodySchema(since: Microversion(2, 55), since55),
            BodySchema(since: Microversion(2, 102), body()),
        ]
    }()

    private func list(
        _ request: APIRequest, _ write: @escaping (FlavorView, Flavor, inout JSONWriter) -> Void
    ) async throws -> APIResponse {
        let caller = try request.caller
        let paging = try Paging(request, maximum: parts.maxLimit)
        let minimumRAM = try number(request, "minRam")
        let minimumDisk = try number(request, "minDisk")
        let wantsAll = caller.isAdmin && request.query("is_public")?.lowercased() == "none"
        let wantsPrivate =
            caller.isAdmin && ["false", "0", "no"].contains(request.query("is_public")?.lowercased() ?? "")
        var flavors = try await parts.database.read { try FlavorTable($0).list() }
        flavors.removeAll { flavor in
            if flavor.memoryMB < minimumRAM || flavor.rootGB < minimumDisk { return true }
            if wantsAll { return false }
            return flavor.isPublic == wantsPrivate || (flavor.isDisabled && !caller.isAdmin)
        }
        if let name = request.query("name"), request.atLeast(102) { flavors.removeAll { !$0.name.contains(name) } }
        flavors.sort { $0.id < $1.id }
        if let marker = paging.marker {
            guard let index = flavors.firstIndex(where: { $0.id == marker }) else {
                throw NovaError(.badRequest, "marker [\(marker)] not found")
            }
            flavors.removeFirst(index + 1)
        }
        let page = flavors.prefix(Int(paging.limit))
        let view = FlavorView(request)
        let isFull = !page.isEmpty && page.count < flavors.count
        return .written(200) { writer in
            writer.object { writer in
                writer.field("flavors", array: { writer in for flavor in page { write(view, flavor, &writer) } })
                view.links.writeNext("flavors", request, marker: isFull ? page.last?.id : nil, to: &writer)
            }
        }
    }

    private func number(_ request: APIRequest, _ name: String) throws -> Int64 {
        guard let text = request.query(name) else { return 0 }
        guard let value = Int64(text) else { throw NovaError(.badRequest, "Invalid \(name) filter [\(text)]") }
        return value
    }

    private func find(_ request: APIRequest) async throws -> Flavor {
        let id = request.parameters["id"] ?? ""
        guard let flavor = try await parts.database.read({ try FlavorTable($0).find(id) }) else {
            throw NovaError(.notFound, "Flavor \(id) could not be found.")
        }
        return flavor
    }

    private func show(_ request: APIRequest) async throws -> APIResponse {
        let flavor = try await find(request)
        return .written(200) { writer in
            writer.object {
                $0.key("flavor"); FlavorView(request).full(flavor, to: &$0)
            }
        }
    }

    private func extraSpecs(_ request: APIRequest) async throws -> APIResponse {
        let flavor = try await find(request)
        return .written(200) { writer in writer.object { FlavorView.extraSpecs(flavor, to: &$0) } }
    }

    private func create(_ request: APIRequest) async throws -> APIResponse {
        let body = request.body["flavor"] ?? .null
        var flavor = Flavor()
        flavor.name = body["name"]?.stringValue ?? ""
        switch body["id"] ?? .null {
        case .integer(let number): flavor.id = String(number)
        case .string(let text) where text != "auto": flavor.id = text
        default: flavor.id = UUID128.random().description
        }
        flavor.memoryMB = body["ram"]?.lenientInteger ?? 0
        flavor.vcpus = body["vcpus"]?.lenientInteger ?? 0
        flavor.rootGB = body["disk"]?.lenientInteger ?? 0
        flavor.ephemeralGB = body["OS-FLV-EXT-DATA:ephemeral"]?.lenientInteger ?? 0
        flavor.swapMB = body["swap"]?.lenientInteger ?? 0
        flavor.rxtxFactor = body["rxtx_factor"]?.doubleValue ?? 1
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
        return .written(200) { writer in
            writer.object {
                $0.key("flavor"); FlavorView(request).full(created, to: &$0)
            }
        }
    }

    private func delete(_ request: APIRequest) async throws -> APIResponse {
        let id = request.parameters["id"] ?? ""
        guard try await parts.database.write({ try FlavorTable($0).delete(id) }) else {
            throw NovaError(.notFound, "Flavor \(id) could not be found.")
        }
        return .empty(202)
    }
}
