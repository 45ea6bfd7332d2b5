import NovaCore
import NovaSchema
import Testing

@testable import NovaNetwork

@Suite("Lists and bodies of the Network API")
struct NetworkListTests {
    private let objects: [JSONObject] = [
        ["id": "1", "name": "a", "shared": true, "fixed_ips": [["ip_address": "10.0.0.5", "subnet_id": "s1"]]],
        ["id": "2", "name": "b", "shared": false, "fixed_ips": []],
        ["id": "3", "name": "c", "shared": false, "fixed_ips": []],
    ]
    private let attributes: Set = ["id", "name", "shared", "fixed_ips"]

    private func ids(_ query: [(name: String, value: String)]) throws -> [String] {
        try ListQuery(query, attributes: attributes).apply(objects).page.compactMap { $0["id"]?.stringValue }
    }

    @Test("Filters of one name add, of several names narrow")
    func filters() throws {
        #expect(try ids([]) == ["1", "2", "3"])
        #expect(try ids([("name", "a"), ("name", "c")]) == ["1", "3"])
        #expect(try ids([("name", "a"), ("shared", "False")]) == [])
        #expect(try ids([("shared", "true")]) == ["1"])
        #expect(try ids([("fixed_ips", "ip_address=10.0.0.5")]) == ["1"])
        #expect(try ids([("fixed_ips", "ip_address_substr=10.0")]) == ["1"])
        #expect(try ids([("tags", "x")]) == [])
        #expect(throws: NovaError.self) { try ids([("colour", "red")]) }
    }

    @Test("Pages, order and fields")
    func pages() throws {
        #expect(try ids([("limit", "2")]) == ["1", "2"])
        #expect(try ids([("limit", "2"), ("marker", "2")]) == ["3"])
        #expect(try ids([("sort_key", "name"), ("sort_dir", "desc")]) == ["3", "2", "1"])
        #expect(try ListQuery([("limit", "2")], attributes: attributes).apply(objects).hasMore)
        #expect(try ListQuery([("fields", "id")], attributes: attributes).apply(objects).page.first == ["id": "1"])
        #expect(throws: NovaError.self) { try ids([("limit", "-1")]) }
    }

    @Test("Attributes that nobody reads are refused by name")
    func bodies() throws {
        var reader = try AttributeReader(["port": ["name": "x", "colour": "red"]], "port")
        #expect(try reader.text("name") == "x")
        let error = #expect(throws: NovaError.self) { try reader.finish() }
        #expect(error?.message == "Unrecognized attribute(s) 'colour'")
        #expect(throws: NovaError.self) { try AttributeReader(["net": [:]], "port") }
        var owner = try AttributeReader(["port": ["project_id": "other"]], "port")
        let stranger = Requester(isAdmin: false, projectID: ProjectID("mine"))
        #expect(throws: NovaError.self) { try owner.project(stranger) }
    }
}
