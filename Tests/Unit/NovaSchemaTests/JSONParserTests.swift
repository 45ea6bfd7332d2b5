import NovaCore
import NovaSchema
import Testing

@Suite("JSON parser")
struct JSONParserTests {
    private func refusal(_ text: String) -> NovaError? { refusal(Array(text.utf8)) }
    private func refusal(_ bytes: [UInt8]) -> NovaError? {
        do {
            _ = try JSONValue.parse(bytes)
            return nil
        } catch {
            return NovaError(error)
        }
    }

    @Test("Every kind of value is read")
    func kinds() throws {
        let value = try JSONValue.parse(
            text: " {\"a\": [1, -2, 0, 1.5, 2e3, true, false, null, \"x\"], \"b\": {}, \"c\": []}\n")
        #expect(
            value == [
                "a": [1, -2, 0, 1.5, 2000.0, true, false, nil, "x"], "b": .object(JSONObject()), "c": .array([]),
            ])
        #expect(value.objectValue?.keys == ["a", "b", "c"])
        #expect(value["a"]?[1]?.intValue == -2)
    }

    @Test("Escapes are decoded, also beyond the basic plane")
    func escapes() throws {
        let value = try JSONValue.parse(text: #""\"\\\/\b\f\n\r\t\u00e9\ud83d\ude00é""#)
        #expect(value.stringValue == "\"\\/\u{8}\u{C}\n\r\té😀é")
    }

    @Test("Integers are exact up to 64 bits and refused beyond")
    func integers() throws {
        #expect(try JSONValue.parse(text: "9223372036854775807") == .integer(.max))
        #expect(try JSONValue.parse(text: "-9223372036854775808") == .integer(.min))
        #expect(refusal("9223372036854775808")?.code == .badRequest)
        #expect(refusal("1e400")?.code == .badRequest)
    }

    @Test(
        "What is no JSON is refused",
        arguments: [
            "", " ", "{", "[1", "[1,]", "{\"a\":1,}", "{\"a\"}", "{a:1}", "01", "-", "1.", ".5", "+1", "1e", "tru",
            "nul",
            "NaN", "Infinity", "'a'", "\"a", "\"\\x\"", "\"\\u12\"", "\"\\ud800\"", "\"\\udc00\"", "\"\\ud800\\u0041\"",
            "\"\n\"", "1 2", "{} x", "\u{FEFF}{}", "{\"a\":1,\"a\":2}", "[1 2]", "{\"a\" 1}", "// c\n1",
        ])
    func malformed(_ text: String) {
        #expect(refusal(text)?.code == .badRequest)
        #expect(refusal(text)?.message == "Malformed request body")
    }

    @Test(
        "Bytes that are no UTF-8 are refused", arguments: [[0xFF], [0xC0, 0x80], [0xED, 0xA0, 0x80], [0xE2, 0x82]])
    func badUTF8(_ bytes: [UInt8]) {
        #expect(refusal([0x22] + bytes + [0x22])?.code == .badRequest)
        #expect(refusal([0x22, 0x5C, 0x6E] + bytes + [0x22])?.code == .badRequest)
    }

    @Test("Depth is bounded")
    func depth() {
        let fitting = String(repeating: "[", count: 64) + String(repeating: "]", count: 64)
        let deep = String(repeating: "[", count: 65) + String(repeating: "]", count: 65)
        #expect(refusal(fitting) == nil)
        #expect(refusal(deep)?.code == .badRequest)
        #expect(refusal(String(repeating: "{\"a\":", count: 100_000))?.code == .badRequest)
    }

    @Test("Random bytes never trap")
    func fuzz() {
        var state: UInt64 = 0x9E37_79B9_7F4A_7C15
        let alphabet = Array("{}[]\",:\\u0123d8eE+-.truefalsn \n\u{e9}".utf8)
        for _ in 0..<20_000 {
            var bytes: [UInt8] = []
            for _ in 0..<(state % 24) {
                state ^= state << 13
                state ^= state >> 7
                state ^= state << 17
                bytes.append(alphabet[Int(state % UInt64(alphabet.count))])
            }
            state = state &* 6_364_136_223_846_793_005 &+ 1
            if let value = try? JSONValue.parse(bytes) {  // what is refused is not of interest here
                #expect((try? JSONValue.parse(value.serialized())) == value)
            }
        }
    }
}
