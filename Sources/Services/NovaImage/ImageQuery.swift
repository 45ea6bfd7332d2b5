import NovaCore
import NovaHTTP
import NovaWire

/// The filters, the order and the place of a list of images.
struct ImageQuery {
    struct Key {
        let expression: String
        let isDescending: Bool
    }
    private static let sortable: [String: String] = [
        "name": "COALESCE(name, '')", "status": "status", "container_format": "COALESCE(container_format, '')",
        "disk_format": "COALESCE(disk_format, '')", "size": "COALESCE(size, -1)", "id": "id",
        "created_at": "created_at", "updated_at": "updated_at", "owner": "owner", "min_disk": "min_disk",
        "min_ram": "min_ram", "visibility": "visibility",
    ]
    private static let texts: Set = [
        "name", "status", "visibility", "owner", "disk_format", "container_format", "checksum",
    ]
    private static let listed: Set = ["name", "status", "disk_format", "container_format"]
    /// Parameters that are no filters.
    private static let others: Set = [
        "limit", "marker", "sort_key", "sort_dir", "sort", "member_status", "tag", "os_hidden", "visibility",
    ]

    private(set) var conditions: [String] = ["status <> 'deleted'"]
    private(set) var values: [ColumnValue] = []
    private(set) var tags: [String] = []
    private(set) var properties: [String: String] = [:]
    private(set) var keys: [Key] = []
    let limit: Int
    let marker: ImageID?

    /// Reads the query of a request.
    ///
    /// - Throws: ``NovaError`` `badRequest` for values that cannot be.
    init(_ request: APIRequest) throws {
        limit = try request.pageLimit(maximum: 1000, fallback: 25)
        marker = try request.query("marker").map { text in
            guard let id = ImageID(text) else { throw NovaError(.badRequest, "Invalid marker format") }
            return id
        }
        tags = request.queries("tag")
        try order(request)
        try audience(request)
        for (name, value) in request.query where !Self.others.contains(name) { try filter(name, value) }
    }

    private mutating func order(_ request: APIRequest) throws {
        var pairs: [(String, String)] = request.queries("sort").flatMap { $0.split(separator: ",") }.map { part in
            let sides = part.split(separator: ":", maxSplits: 1)
            return (String(sides.first ?? ""), sides.count == 2 ? String(sides[1]) : "desc")
        }
        if pairs.isEmpty {
            let directions = request.queries("sort_dir")
            pairs = request.queries("sort_key").enumerated().map { index, key in
                (key, index < directions.count ? directions[index] : directions.first ?? "desc")
            }
            if pairs.isEmpty { pairs = [("created_at", directions.first ?? "desc")] }
        }
        guard pairs.count <= 8 else { throw NovaError(.badRequest, "Too many sort keys.") }
        if !pairs.contains(where: { $0.0 == "id" }) { pairs.append(("id", pairs.first?.1 ?? "desc")) }
        keys = try pairs.map { name, direction in
            guard let expression = Self.sortable[name] else {
                throw NovaError(.badRequest, "Invalid sort key: \(name)")
            }
            guard direction == "asc" || direction == "desc" else {
                throw NovaError(.badRequest, "Invalid sort direction: \(direction)")
            }
            return Key(expression: expression, isDescending: direction == "desc")
        }
    }

    private mutating func audience(_ request: APIRequest) throws {
        let caller = try request.caller
        let project = ColumnValue.text(caller.projectID?.text ?? "")
        let hidden = request.query("os_hidden").map { $0.lowercased() } ?? "false"
        guard hidden == "true" || hidden == "false" else {
            throw NovaError(.badRequest, "Invalid value '\(hidden)' for 'os_hidden' filter. Use true or false.")
        }
        add("os_hidden = ?", (hidden == "true").column)
        let visibility = request.query("visibility") ?? ""
        switch visibility {
        case "", "all":
            if !caller.isAdmin {
                let open = visibility == "all" ? "'public', 'community'" : "'public'"
                add("(visibility IN (\(open)) OR (owner = ? AND owner <> ''))", project)
            } else if visibility.isEmpty {
                add("(visibility <> 'community' OR owner = ?)", project)
            }
        default:
            guard let known = ImageVisibility(rawValue: visibility) else {
                throw NovaError(.badRequest, "Invalid visibility value: \(visibility)")
            }
            add("visibility = ?", .text(known.rawValue))
            if !caller.isAdmin, known == .private || known == .shared { add("owner = ?", project) }
        }
    }

    private mutating func add(_ condition: String, _ value: ColumnValue) {
        conditions.append(condition)
        values.append(value)
    }

    private mutating func filter(_ name: String, _ value: String) throws {
        switch name {
        case "id":
            let ids = try Self.list(value).map { text in
                guard let id = ImageID(text) else { throw NovaError(.badRequest, "Invalid image id format") }
                return id.column
            }
            within("id", ids)
        case _ where Self.listed.contains(name): within(name, try Self.list(value).map { .text($0) })
        case _ where Self.texts.contains(name): add("\(name) = ?", .text(value))
        case "min_ram", "min_disk": add("\(name) = ?", try Self.number(name, value))
        case "size_min": add("size >= ?", try Self.number(name, value))
        case "size_max": add("size <= ?", try Self.number(name, value))
        case "protected":
            guard let flag = ["true": true, "false": false][value.lowercased()] else {
                throw NovaError(.badRequest, "Invalid value '\(value)' for 'protected' filter. Use true or false.")
            }
            add("protected = ?", flag.column)
        case "created_at", "updated_at": try time(name, value)
        case "os_hash_value": add("sha512 = ?", .text(value))
        default: properties[name] = value
        }
    }

    private mutating func within(_ column: String, _ allowed: [ColumnValue]) {
        conditions.append("\(column) IN (\(repeatElement("?", count: allowed.count).joined(separator: ", ")))")
        values.append(contentsOf: allowed)
    }

    private static func list(_ value: String) throws -> [String] {
        guard value.hasPrefix("in:") else { return [value] }
        let parts = value.dropFirst(3).split(separator: ",").map(String.init)
        guard parts.count <= 100 else { throw NovaError(.badRequest, "A filter has at most 100 values.") }
        return parts
    }

    private static func number(_ name: String, _ value: String) throws -> ColumnValue {
        guard let number = Int64(value), number >= 0 else {
            throw NovaError(.badRequest, "Invalid value of \(name): it must be a number from 0 on.")
        }
        return .integer(number)
    }

    private mutating func time(_ name: String, _ value: String) throws {
        let comparisons = ["gt": ">", "gte": ">=", "lt": "<", "lte": "<=", "eq": "=", "neq": "<>"]
        var text = value[...]
        var comparison = "="
        if let colon = value.firstIndex(of: ":"), let known = comparisons[String(value[..<colon])] {
            comparison = known
            text = value[value.index(after: colon)...]
        }
        guard let time = Timestamp(iso8601: String(text)) else {
            throw NovaError(.badRequest, "Invalid time in the filter \(name).")
        }
        // Times are shown in whole seconds and compared so.
        add("\(name) / 1000000 \(comparison) ?", .integer(time.microseconds / 1_000_000))
    }

    /// Whether an image passes the filters that SQL does not know.
    func accepts(_ image: ImageRecord) -> Bool {
        tags.allSatisfy(image.tags.contains) && properties.allSatisfy { image.properties[$0.key] == $0.value }
    }
}
