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
        "min_ram": "min_ram", "visibility": "visibility", "virtual_size": "COALESCE(virtual_size, -1)",
    ]
    private static let texts: Set = [
        "name", "status", "visibility", "owner", "disk_format", "container_format", "checksum",
    ]
    private static let listed: Set = ["name", "status", "disk_format", "container_format"]
    private static let numbers: Set = ["size", "virtual_size", "min_ram", "min_disk"]
    private static let comparisons = ["gt": ">", "gte": ">=", "lt": "<", "lte": "<=", "eq": "=", "neq": "<>"]
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
    /// The project that asks.
    let project: ProjectID?
    let isAdmin: Bool

    /// Reads the query of a request.
    ///
    /// - Throws: ``NovaError`` `badRequest` for values that cannot be.
    init(_ request: APIRequest) throws {
        let caller = try request.caller
        project = caller.projectID
        isAdmin = caller.isAdmin
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
        let hidden = request.query("os_hidden").map { $0.lowercased() } ?? "false"
        guard hidden == "true" || hidden == "false" else {
            throw NovaError(.badRequest, "Invalid value '\(hidden)' for 'os_hidden' filter. Use true or false.")
        }
        add("os_hidden = ?", (hidden == "true").column)
        let visibility = request.query("visibility") ?? ""
        let owner = ColumnValue.text(project?.text ?? "")
        if !isAdmin { try reach(visibility, owner, request.query("member_status") ?? "accepted") }
        switch visibility {
        case "all": break
        case "":
            if isAdmin { add("(visibility <> 'community' OR owner = ?)", owner) }
        default:
            guard let known = ImageVisibility(rawValue: visibility) else {
                throw NovaError(.badRequest, "Invalid visibility value: \(visibility)")
            }
            add("visibility = ?", .text(known.rawValue))
        }
    }

    /// What a user may see at all: open images, the project's own, and those that others share with it.
    private mutating func reach(_ visibility: String, _ owner: ColumnValue, _ status: String) throws {
        guard status == "all" || MemberStatus(rawValue: status) != nil else {
            throw NovaError(.badRequest, "Invalid status: \(status). Use accepted, pending, rejected or all.")
        }
        // Community images are for those who know them, or ask for them.
        let open = visibility.isEmpty ? "'public'" : "'public', 'community'"
        var shared = "SELECT image_id FROM image_members WHERE member = ?"
        values += [owner, owner]
        if status != "all" {
            shared += " AND status = ?"
            values.append(.text(status))
        }
        conditions.append(
            "(visibility IN (\(open)) OR (owner = ? AND owner <> '') OR (visibility = 'shared' AND id IN (\(shared))))")
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
        case _ where Self.numbers.contains(name):
            let (comparison, text) = Self.comparison(value)
            add("\(name) \(comparison) ?", try Self.number(name, text))
        case _ where Self.numbers.contains(String(name.dropLast(4))) && name.hasSuffix("_min"):
            add("\(name.dropLast(4)) >= ?", try Self.number(name, value))
        case _ where Self.numbers.contains(String(name.dropLast(4))) && name.hasSuffix("_max"):
            add("\(name.dropLast(4)) <= ?", try Self.number(name, value))
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
        let parts = try Self.parts(value.dropFirst(3))
        guard !parts.isEmpty, parts.count <= 100 else {
            throw NovaError(.badRequest, "A list in a filter has 1 to 100 values.")
        }
        return parts
    }

    /// The parts of a list with commas; a part in quotes may hold commas.
    private static func parts(_ text: Substring) throws -> [String] {
        var parts: [String] = []
        var rest = text
        while !rest.isEmpty {
            if rest.first == "\"" {
                guard let end = rest.dropFirst().firstIndex(of: "\""),
                    case let behind = rest[rest.index(after: end)...], behind.isEmpty || behind.first == ","
                else { throw NovaError(.badRequest, "A quoted value in a filter must end with a quote.") }
                parts.append(String(rest[..<end].dropFirst()))
                rest = behind.dropFirst()
            } else {
                let part = rest.prefix { $0 != "," }
                if !part.isEmpty { parts.append(String(part)) }
                rest = rest[part.endIndex...].dropFirst()
            }
        }
        return parts
    }

    /// The comparison that a value begins with, and what it compares with: `gte:5`.
    private static func comparison(_ value: String) -> (sql: String, text: String) {
        guard let colon = value.firstIndex(of: ":"), let known = comparisons[String(value[..<colon])] else {
            return ("=", value)
        }
        return (known, String(value[value.index(after: colon)...]))
    }

    private static func number(_ name: String, _ value: String) throws -> ColumnValue {
        guard let number = Int64(value), number >= 0 else {
            throw NovaError(.badRequest, "Invalid value of \(name): it must be a number from 0 on.")
        }
        return .integer(number)
    }

    private mutating func time(_ name: String, _ value: String) throws {
        let (comparison, text) = Self.comparison(value)
        guard let time = Timestamp(iso8601: text) else {
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
