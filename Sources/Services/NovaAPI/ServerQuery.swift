import NovaCore
import NovaHTTP
import NovaModel
import NovaSchema
import NovaStore

/// What a list of servers is asked for (`spec/faults.md`, "GET /servers filters").
struct ServerQuery {
    private let request: APIRequest
    private let caller: Caller
    private var filter = ServerFilter()

    /// - Throws: `badRequest` for values that mean nothing, `forbidden` for what only administrators may ask.
    static func filter(_ request: APIRequest, maximum: Int64) throws -> ServerFilter {
        var query = ServerQuery(request: request, caller: try request.caller)
        try query.page(maximum)
        try query.scope()
        try query.status()
        try query.times()
        try query.deleted()
        try query.fields()
        query.tags()
        query.filter.order = try ServerSorting.order(request, isAdmin: query.caller.isAdmin)
        return query.filter
    }

    private init(request: APIRequest, caller: Caller) {
        self.request = request
        self.caller = caller
    }

    private mutating func page(_ maximum: Int64) throws {
        let paging = try Paging(request, maximum: maximum)
        filter.limit = paging.limit
        guard let marker = paging.marker else { return }
        guard let id = ServerID(marker) else { throw NovaError(.badRequest, "marker [\(marker)] not found") }
        filter.marker = id
    }

    /// Any value of `all_tenants` means yes, except the words for no.
    private mutating func scope() throws {
        let wantsAll = request.query("all_tenants").map { text in
            !["0", "f", "false", "n", "no", "off"].contains(text.lowercased())
        }
        guard wantsAll ?? false else {
            filter.project = try request.project
            return
        }
        let isDetail = request.operation.hasSuffix(":detail")
        guard caller.isAdmin else {
            throw NovaError(
                .forbidden,
                "Policy doesn't allow os_compute_api:servers:\(isDetail ? "detail" : "index"):get_all_tenants "
                    + "to be performed.")
        }
        if let project = request.query("project_id") ?? request.query("tenant_id") {
            filter.project = ProjectID(project)
        }
    }

    private mutating func status() throws {
        let names = request.queries("status").filter { !$0.isEmpty }
        guard !names.isEmpty else { return }
        let known = names.filter { ServerStatus.vmStates(named: $0) != nil }
        guard !known.isEmpty else {
            guard !request.atLeast(38) else { throw NovaError(.badRequest, "Invalid status value") }
            return filter.conditions.append { _ in false }
        }
        filter.vmStates = Array(Set(known.compactMap { ServerStatus.vmStates(named: $0) }.joined()))
        let wanted = Set(known.map { $0.uppercased() })
        filter.conditions.append { wanted.contains(ServerStatus.name($0.vmState, $0.taskState)) }
    }

    private mutating func times() throws {
        filter.changedSince = try time("changes-since")
        if request.atLeast(66) { filter.changedBefore = try time("changes-before") }
        if let since = filter.changedSince, let before = filter.changedBefore, since > before {
            throw NovaError(.badRequest, "The value of changes-since must be less than or equal to changes-before.")
        }
    }

    private func time(_ name: String) throws -> Timestamp? {
        guard let text = request.query(name) else { return nil }
        if let time = Timestamp(iso8601: text) { return time }
        throw NovaError(
            .badRequest,
            "Invalid input for query parameters \(name). Value: \(text). '\(text)' is not a 'date-time'")
    }

    /// Who follows changes sees deletions too; else deleted servers are for administrators who ask for them.
    private mutating func deleted() throws {
        let followsChanges = filter.changedSince != nil || filter.changedBefore != nil
        filter.deleted = followsChanges ? .also : .no
        if filter.vmStates == [.deleted] {
            guard caller.isAdmin else {
                throw NovaError(.forbidden, "Only administrators may list deleted instances")
            }
            filter.deleted = .only
        } else if caller.isAdmin, let text = request.query("deleted") {
            filter.deleted = Self.means(yes: text) ? .only : .no
        }
        // A deleted server that is kept is shown to whoever asks for such servers.
        let wantsKept = caller.isAdmin && Self.means(yes: request.query("soft_deleted") ?? "")
        filter.hidesSoftDeleted = !wantsKept && filter.vmStates?.contains(.softDeleted) != true
    }

    private static func means(yes text: String) -> Bool {
        ["1", "t", "true", "on", "y", "yes"].contains(text.lowercased())
    }

    /// The filters that look at one field each.
    private mutating func fields() throws {
        for (name, value) in request.query {
            if name.hasPrefix("_") || ServerFields.joined.contains(name) {
                guard !caller.isAdmin else { throw NovaError(.badRequest, "Invalid filter field: \(name).") }
                continue
            }
            guard let field = ServerFields.all[name], caller.isAdmin || request.atLeast(field.forUsersSince) else {
                continue
            }
            switch field.kind {
            case .exact: filter.conditions.append { field.texts($0).contains(value) }
            case .pattern:
                guard value.utf8.count <= 255, let pattern = TextPattern(value) else {
                    throw NovaError(
                        .badRequest,
                        "Invalid input for query parameters \(name). Value: \(value). '\(value)' is not a 'regex'")
                }
                filter.conditions.append { field.texts($0).contains { pattern.matches($0) } }
            case .truth:
                guard let wanted = JSONValue.string(value).lenientBool else {
                    throw NovaError(.badRequest, "Invalid filter value '\(value)' for \(name).")
                }
                filter.conditions.append { field.texts($0) == [wanted ? "True" : ""] }
            }
        }
        // These have an index or are cheap for the database.
        if caller.isAdmin, let host = request.query("host") { filter.host = host }
        if caller.isAdmin || request.atLeast(83), let user = request.query("user_id") { filter.user = UserID(user) }
        if let image = request.query("image") ?? (caller.isAdmin ? request.query("image_ref") : nil) {
            filter.image = image
        }
        if caller.isAdmin, let id = request.query("uuid") {
            guard let id = ServerID(id) else { return filter.conditions.append { _ in false } }
            filter.id = id
        }
    }

    private mutating func tags() {
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
