import NovaCore
import NovaHTTP
import NovaModel
import NovaSchema
import PlacementStore

// What a provider is, has, and gives to whom.
extension PlacementAPI {
    var providerOperations: [Operation] {
        [
            Self.show("/resource_providers", "resource_providers:list", "Lists the resource providers.", list),
            Self.show("/resource_providers/{uuid}", "resource_providers:show", "Shows a resource provider.") {
                request in
                let state = try await placement.provider(provider(request))
                return Self.body(request, .object(Self.json(state, request.version)))
            },
            Self.show(
                "/resource_providers/{uuid}/inventories", "inventories:list", "Lists what a provider has."
            ) { request in
                let state = try await placement.provider(provider(request))
                var inventories = JSONObject()
                for inventory in state.inventories { inventories[inventory.resourceClass] = Self.json(inventory) }
                return Self.body(
                    request,
                    ["resource_provider_generation": .integer(state.generation), "inventories": .object(inventories)])
            },
            Self.show(
                "/resource_providers/{uuid}/inventories/{class}", "inventories:show", "Shows one class of a provider."
            ) { request in
                let state = try await placement.provider(provider(request))
                let name = request.parameters["class"] ?? ""
                guard let inventory = state.inventories.first(where: { $0.resourceClass == name }) else {
                    throw NovaError(.notFound, "No inventory of class \(name) for \(state.providerID)")
                }
                var body = Self.json(inventory).objectValue ?? JSONObject()
                body["resource_provider_generation"] = .integer(state.generation)
                return Self.body(request, .object(body))
            },
            Self.show("/resource_providers/{uuid}/usages", "provider_usages:show", "Shows a provider's use.") {
                request in
                let state = try await placement.provider(provider(request))
                var usages = JSONObject()
                for inventory in state.inventories { usages[inventory.resourceClass] = .integer(inventory.used) }
                return Self.body(
                    request, ["resource_provider_generation": .integer(state.generation), "usages": .object(usages)])
            },
            Self.show(
                "/resource_providers/{uuid}/allocations", "provider_allocations:list", "Lists a provider's consumers.",
                allocations),
            Self.show(
                "/resource_providers/{uuid}/aggregates", "aggregates:list", since: Microversion(1, 1),
                "Lists a provider's aggregates: it has none, as hosts' groups are the Compute API's."
            ) { request in
                let state = try await placement.provider(provider(request))
                var body: JSONObject = ["aggregates": []]
                if request.version >= Microversion(1, 19) {
                    body["resource_provider_generation"] = .integer(state.generation)
                }
                return Self.body(request, .object(body))
            },
            Self.show(
                "/resource_providers/{uuid}/traits", "provider_traits:list", since: Microversion(1, 6),
                "Lists a provider's traits: it has none, as the scheduler matches host properties itself."
            ) { request in
                let state = try await placement.provider(provider(request))
                return Self.body(
                    request, ["traits": [], "resource_provider_generation": .integer(state.generation)])
            },
        ]
    }

    @Sendable
    private func list(_ request: APIRequest) async throws -> APIResponse {
        try Self.checkQuery(
            request,
            [
                "name": Microversion(1, 0), "uuid": Microversion(1, 0), "member_of": Microversion(1, 3),
                "resources": Microversion(1, 4), "in_tree": Microversion(1, 14), "required": Microversion(1, 18),
            ])
        let wanted = try Self.amounts(request.query("resources"))
        let ids = try ["uuid", "in_tree"].compactMap { try Self.id(request.query($0), $0) }
        var states = try await placement.providers(name: request.query("name"), id: ids.first)
        // No provider has aggregates or traits: one that must have any is not there, "not any" always holds.
        let demands = request.query.filter { $0.name == "member_of" || $0.name == "required" }
        let needsAny = demands.contains {
            $0.value.split(separator: ",").contains { !$0.hasPrefix("!") } && !$0.value.hasPrefix("!")
        }
        states.removeAll { state in
            needsAny || ids.contains { $0 != state.providerID }
                || !wanted.allSatisfy { name, amount in
                    state.inventories.contains { $0.resourceClass == name && $0.used + amount <= $0.capacity }
                }
        }
        let providers = states.map { JSONValue.object(Self.json($0, request.version)) }
        return Self.body(request, ["resource_providers": .array(providers)])
    }

    @Sendable
    private func allocations(_ request: APIRequest) async throws -> APIResponse {
        let found = try await placement.allocations(of: provider(request))
        var consumers = JSONObject()
        for allocation in found.allocations {
            let key = allocation.consumer.description
            var consumer = consumers[key]?.objectValue ?? JSONObject()
            var resources = consumer["resources"]?.objectValue ?? JSONObject()
            resources[allocation.resourceClass] = .integer(allocation.used)
            consumer["resources"] = .object(resources)
            if request.version >= Microversion(1, 28), let owner = found.consumers[allocation.consumer] {
                consumer["consumer_generation"] = .integer(owner.generation)
            }
            consumers[key] = .object(consumer)
        }
        return Self.body(
            request,
            ["allocations": .object(consumers), "resource_provider_generation": .integer(found.state.generation)])
    }

    private static func id(_ text: String?, _ name: String) throws -> ProviderID? {
        guard let text else { return nil }
        guard let id = ProviderID(text) else {
            throw NovaError(.badRequest, "Invalid \(name) value: '\(text)' is not a UUID.")
        }
        return id
    }

    private static func amounts(_ text: String?) throws -> [(String, Int64)] {
        guard let text else { return [] }
        return try text.split(separator: ",", omittingEmptySubsequences: false).map { part in
            let pair = part.split(separator: ":", omittingEmptySubsequences: false)
            guard pair.count == 2, !pair[0].isEmpty, let amount = Int64(pair[1]), (1...2_147_483_647).contains(amount)
            else {
                throw NovaError(
                    .badRequest,
                    "Badly formed resources parameter: expected ?resources=VCPU:2,MEMORY_MB:1024, got \(part)."
                )
            }
            return (String(pair[0]), amount)
        }
    }

    private static func json(_ inventory: Inventory) -> JSONValue {
        [
            "total": .integer(inventory.total), "reserved": .integer(inventory.reserved), "min_unit": 1,
            "max_unit": 2_147_483_647, "step_size": 1, "allocation_ratio": .number(inventory.allocationRatio),
        ]
    }

    private static func json(_ state: ProviderState, _ version: Microversion) -> JSONObject {
        let base = "/resource_providers/\(state.providerID)"
        var links: [JSONValue] = [["rel": "self", "href": .string(base)]]
        let parts: [(String, Microversion)] = [
            ("inventories", Microversion(1, 0)), ("usages", Microversion(1, 0)), ("aggregates", Microversion(1, 1)),
            ("traits", Microversion(1, 6)), ("allocations", Microversion(1, 11)),
        ]
        for (part, since) in parts where version >= since {
            links.append(["rel": .string(part), "href": .string("\(base)/\(part)")])
        }
        var body: JSONObject = [
            "uuid": .string(state.providerID.description), "name": .string(state.name),
            "generation": .integer(state.generation), "links": .array(links),
        ]
        if version >= Microversion(1, 14) {
            body["root_provider_uuid"] = .string(state.providerID.description)
            body["parent_provider_uuid"] = .null
        }
        return body
    }
}
