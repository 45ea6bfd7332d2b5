import NovaCore
import NovaHTTP
import NovaModel
import NovaStore

/// The filters of server lists (`spec/faults.md`, "Listing").
enum ServerQuery {
    /// - Throws: `badRequest` for values that mean nothing, `forbidden` for what only administrators may ask.
    static func filter(_ request: APIRequest, maximum: Int64) throws -> ServerFilter {
        let caller = try request.caller
        let paging = try Paging(request, maximum: maximum)
        var filter = ServerFilter()
        filter.limit = paging.limit
        if let marker = paging.marker {
            guard let id = ServerID(marker) else { throw NovaError(.badRequest, "marker [\(marker)] not found") }
            filter.marker = id
        }
        try scope(&filter, request, caller)
        if let status = request.query("status") {
            if let states = ServerStatus.vmStates(named: status) {
                filter.vmStates = states
                let wanted = status.uppercased()
                filter.conditions.append { ServerStatus.name($0.vmState, $0.taskState) == wanted }
            } else if request.atLeast(38) {
                throw NovaError(.badRequest, "Invalid status value")
            } else {
                filter.conditions.append { _ in false }
            }
        }
        if let text = request.query("changes-since") {
            guard let time = Timestamp(iso8601: text) else {
                throw NovaError(
                    .badRequest,
                    "Invalid input for query parameters changes-since. Value: \(text). '\(text)' is not a 'date-time'")
            }
            filter.changedSince = time
        }
        if let image = request.query("image") { filter.image = image }
        if let flavor = request.query("flavor") { filter.conditions.append { $0.flavor.id == flavor } }
        if let name = request.query("name") { try match(name, "name", &filter) { [$0.name] } }
        if let address = request.query("ip") { try match(address, "ip", &filter) { $0.network.ports.map(\.fixedIP) } }
        if let reservation = request.query("reservation_id") {
            filter.conditions.append { $0.reservationID == reservation }
        }
        if let key = request.query("key_name"), caller.isAdmin || request.atLeast(83) {
            filter.conditions.append { $0.keyName == key }
        }
        tags(&filter, request)
        return filter
    }

    private static func scope(_ filter: inout ServerFilter, _ request: APIRequest, _ caller: Caller) throws {
        let allText = request.query("all_tenants")
        let wantsAll = allText.map { !["0", "false", "no", "off"].contains($0.lowercased()) } ?? false
        if wantsAll, !caller.isAdmin {
            throw NovaError(
                .forbidden, "Policy doesn't allow os_compute_api:servers:index:get_all_tenants to be performed.")
        }
        if !wantsAll { filter.project = try request.project }
        guard caller.isAdmin else {
            if request.query("deleted").map({ $0.lowercased() == "true" || $0 == "1" }) ?? false {
                throw NovaError(.forbidden, "Only administrators may list deleted instances")
            }
            return
        }
        if wantsAll, let project = request.query("project_id") ?? request.query("tenant_id") {
            filter.project = ProjectID(project)
        }
        if let user = request.query("user_id") { filter.user = UserID(user) }
        if let host = request.query("host") { filter.host = host }
        if let deleted = request.query("deleted"), ["true", "1", "yes"].contains(deleted.lowercased()) {
            filter.deleted = true
        }
    }

    /// A regular expression, as the original takes it, over some texts of a server.
    private static func match(
        _ pattern: String, _ parameter: String, _ filter: inout ServerFilter,
        _ texts: @escaping @Sendable (ServerRecord) -> [String]
    ) throws {
        guard pattern.utf8.count <= 255, let expression = try? Regex(pattern) else {
            throw NovaError(
                .badRequest,
                "Invalid input for query parameters \(parameter). Value: \(pattern). '\(pattern)' is not a 'regex'")
        }
        // Regex is not Sendable: each condition compiles its own from the text, which has just been found to be valid.
        _ = expression
        filter.conditions.append { server in
            guard let expression = try? Regex(pattern) else { return false }
            return texts(server).contains { $0.firstMatch(of: expression) != nil }
        }
    }

    private static func tags(_ filter: inout ServerFilter, _ request: APIRequest) {
        guard request.atLeast(26) else { return }
        func list(_ name: String) -> Set<String>? {
            request.query(name).map { Set($0.split(separator: ",").map(String.init)) }
        }
        if let all = list("tags") { filter.conditions.append { all.isSubset(of: $0.tags) } }
        if let any = list("tags-any") { filter.conditions.append { !any.isDisjoint(with: $0.tags) } }
        if let all = list("not-tags") { filter.conditions.append { !all.isSubset(of: $0.tags) } }
        if let any = list("not-tags-any") { filter.conditions.append { any.isDisjoint(with: $0.tags) } }
    }
}
