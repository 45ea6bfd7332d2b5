import NovaCore
import NovaSchema

/// The query of a list: filters, fields, order and page.
struct ListQuery {
    private var filters: [(name: String, values: Set<String>)] = []
    private var order: [(name: String, isDescending: Bool)] = []
    private var fields: [String] = []
    private var limit: Int?
    private var marker: String?
    private var isReverse = false

    /// Names that are no attributes of a list's objects, but filter or shape it.
    private static let tagFilters: Set = ["tags", "tags-any", "not-tags", "not-tags-any"]

    /// - Parameter attributes: what may be filtered by.
    /// - Throws: ``NovaError`` `badRequest` for an attribute or a value that is none: a filter that is passed over
    ///   would show, or let be deleted, more than was asked for.
    init(_ query: [(name: String, value: String)], attributes: Set<String>) throws {
        var keys: [String] = []
        var directions: [String] = []
        for (name, value) in query {
            switch name {
            case "fields": fields.append(value)
            case "limit":
                guard let number = Int(value), number >= 0 else { throw AttributeReader.invalid("limit", "'\(value)'") }
                limit = number == 0 ? nil : number
            case "marker": marker = value
            case "page_reverse": isReverse = value.lowercased() == "true"
            case "sort_key": keys.append(value)
            case "sort_dir": directions.append(value)
            default:
                guard attributes.contains(name) || Self.tagFilters.contains(name) else {
                    throw NovaError(.badRequest, "['\(name.prefix(64))'] is invalid attribute for filtering")
                }
                if let at = filters.firstIndex(where: { $0.name == name }) {
                    filters[at].values.insert(value)
                } else {
                    filters.append((name, [value]))
                }
            }
        }
        for (index, key) in keys.enumerated() {
            guard attributes.contains(key) else {
                throw AttributeReader.invalid("sort_key", "'\(key.prefix(64))' is no attribute.")
            }
            order.append((key, index < directions.count && directions[index] == "desc"))
        }
    }

    /// The values asked for of one attribute; nil when it does not matter.
    func values(of name: String) -> Set<String>? { filters.first { $0.name == name }?.values }

    /// What of the objects was asked for, and whether there is a next page.
    func apply(_ objects: [JSONObject]) -> (page: [JSONObject], hasMore: Bool) {
        var kept = objects.filter { object in filters.allSatisfy { Self.matches(object, $0.name, $0.values) } }
        if !order.isEmpty {
            kept.sort { a, b in
                for (name, isDescending) in order {
                    let (left, right) = (Self.text(a[name]), Self.text(b[name]))
                    if left != right { return isDescending ? left > right : left < right }
                }
                return false
            }
        }
        if isReverse { kept.reverse() }
        if let marker, let at = kept.firstIndex(where: { $0["id"]?.stringValue == marker }) {
            kept.removeFirst(at + 1)
        }
        let hasMore = limit.map { kept.count > $0 } ?? false
        if let limit { kept = Array(kept.prefix(limit)) }
        if isReverse { kept.reverse() }
        return (kept.map(pick), hasMore)
    }

    /// The object with the fields that were asked for.
    func pick(_ object: JSONObject) -> JSONObject {
        fields.isEmpty ? object : JSONObject(object.filter { fields.contains($0.key) }.map { ($0.key, $0.value) })
    }

    private static func matches(_ object: JSONObject, _ name: String, _ values: Set<String>) -> Bool {
        if tagFilters.contains(name) { return name.hasPrefix("not-") }  // nothing here has tags
        switch object[name] {
        case .bool(let flag):
            return values.contains { ["true", "1"].contains($0.lowercased()) == flag }
        case .array(let items) where name == "fixed_ips":
            return values.contains { value in items.contains { matches($0, fixedIP: value) } }
        case .array(let items):
            return items.contains { values.contains(text($0)) }
        case let value:
            return values.contains(text(value))
        }
    }

    /// `ip_address=10.0.0.5`, `subnet_id=…` or `ip_address_substr=10.0`.
    private static func matches(_ item: JSONValue, fixedIP filter: String) -> Bool {
        let parts = filter.split(separator: "=", maxSplits: 1).map(String.init)
        guard parts.count == 2 else { return false }
        if parts[0] == "ip_address_substr" { return item["ip_address"]?.stringValue?.contains(parts[1]) ?? false }
        return item[parts[0]]?.stringValue == parts[1]
    }

    private static func text(_ value: JSONValue?) -> String {
        switch value {
        case .string(let text): text
        case .integer(let number): String(number)
        case .bool(let flag): flag ? "true" : "false"
        default: ""
        }
    }
}
