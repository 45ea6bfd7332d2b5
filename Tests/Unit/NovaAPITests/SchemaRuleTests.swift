import NovaSchema
import Testing

@testable import NovaAPI

@Suite("Rules of values")
struct SchemaRuleTests {
    private func accepts(_ schema: JSONSchema, _ value: JSONValue) -> Bool { (try? schema.validate(value)) != nil }

    @Test("keys of metadata have 1 to 255 characters")
    func metadataKeys() {
        #expect(accepts(Schemas.metadata, ["k": "v", "a-b_c:d.e f": ""]))
        #expect(!accepts(Schemas.metadata, ["": "v"]))
        #expect(accepts(Schemas.metadata, .object([String(repeating: "k", count: 255): "v"])))
        #expect(!accepts(Schemas.metadata, .object([String(repeating: "k", count: 256): "v"])))
        #expect(!accepts(Schemas.metadata, ["é": "v"]))
    }

    @Test("an address ends where its text ends")
    func addresses() {
        #expect(accepts(Schemas.ipv4, "10.0.0.1") && accepts(Schemas.ipv6, "::1"))
        #expect(!accepts(Schemas.ipv4, "10.0.0.1\u{0}x") && !accepts(Schemas.ipv6, "::1\u{0}x"))
    }

    @Test("a number in a string that is beyond 64 bits is not the default")
    func longNumbers() {
        let long = JSONValue.string("99999999999999999999")
        #expect(long.lenientInteger == .max)
        #expect(JSONValue.string("-99999999999999999999").lenientInteger == .min)
        #expect(JSONValue.string("+5").lenientInteger == nil && JSONValue.string("-").lenientInteger == nil)
        #expect(!accepts(Schemas.flavorNumber, long) && accepts(.integer(min: 1), long))
    }
}
