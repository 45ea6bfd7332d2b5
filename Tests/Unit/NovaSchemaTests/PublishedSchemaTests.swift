import NovaCore
import Testing

@testable import NovaSchema

@Suite("Published schemas")
struct PublishedSchemaTests {
    @Test("a decimal pattern accepts the numbers within its bounds")
    func decimals() throws {
        var random = SplitMix64(seed: 5)
        let bounds: [(Int64?, Int64?)] = [
            (nil, nil), (0, nil), (1, nil), (-1, 2_147_483_647), (1, 2_147_483_647), (0, 0), (-20, -3), (nil, -1),
            (nil, 99), (100, 999), (5, nil), (98, 1001), (-1_000_000_000_000, 999), (10, nil),
        ]
        for (low, high) in bounds {
            let expression = try Regex(DecimalPattern(minimum: low, maximum: high).text)
            let schema = JSONSchema.integer(min: low, max: high)
            let edges = [low, high].compactMap { $0 }.flatMap { [$0, $0 &+ 1, $0 &- 1] }
            let others = (0..<200).map { _ in Int64(truncatingIfNeeded: random.next()) >> Int64(random.next() % 64) }
            let texts = (edges + others + [0]).flatMap { ["\($0)", "00\($0)", "-0\($0.magnitude)", "\($0)9"] }
            for text in texts + ["", "-", "1-", "x", "-0"] {
                let accepts = (try? schema.validate(.string(text))) != nil
                let matches = try expression.wholeMatch(in: text) != nil
                #expect(
                    matches == accepts,
                    "\(text) in \(String(describing: low)) to \(String(describing: high))")
            }
        }
    }

    @Test("a schema says in JSON Schema what it accepts")
    func words() {
        let schema = JSONSchema.wrapped(
            "server",
            .object(
                properties: [
                    "count": .strictInteger(min: 1), "note": .nullable(.string(max: 5)), "id": .uuid,
                    "tags": .array(.string, max: 2, unique: true), "on": .strictBoolean, "any": .any,
                    "address": .string(StringRule(.format("ipv4")) { _ in true }),
                    "metadata": .dictionary(keys: .characters("^[a-z]*$") { _ in true }, values: .null, max: 3),
                ], required: ["count"], min: 1))
        let members = schema.published["properties"]?["server"]?["properties"]
        #expect(schema.published["required"] == ["server"] && schema.published["additionalProperties"] == false)
        #expect(schema.published["properties"]?["server"]?["minProperties"] == 1)
        #expect(members?["count"] == ["type": "integer", "minimum": 1])
        #expect(members?["note"] == ["anyOf": [["type": "string", "maxLength": 5], ["type": "null"]]])
        #expect(members?["tags"]?["uniqueItems"] == true && members?["tags"]?["maxItems"] == 2)
        #expect(members?["on"] == ["type": "boolean"] && members?["any"] == [:])
        #expect(members?["address"] == ["type": "string", "format": "ipv4"])
        #expect(members?["metadata"]?["propertyNames"] == ["pattern": "^[a-z]*$"])
        #expect(members?["metadata"]?["additionalProperties"] == ["type": "null"])
        #expect(members?["id"]?["pattern"] != nil && members?["id"]?["format"] == nil)
    }
}
