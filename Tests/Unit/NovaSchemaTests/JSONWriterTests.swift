import NovaSchema
import Testing

@Suite("JSON writer")
struct JSONWriterTests {
    @Test("Commas, quotes and nulls stand where they belong")
    func structure() {
        var json = JSONWriter()
        json.object { json in
            json.field("text", "a\"b\\c\n\u{1}é")
            json.field("nothing", String?.none)
            json.field("number", -42)
            json.field("smallest", Int64.min)
            json.field("flag", true)
            json.field("half", 0.5)
            json.field("list", ["x", "y"])
            json.field("inner", object: { $0.field("zero", 0) })
            json.field("empty", array: { _ in })
            json.field("tree", ["a": [1, nil]])
            json.null("none")
        }
        #expect(
            String(decoding: json.bytes, as: UTF8.self)
                == #"{"text":"a\"b\\c\n\u0001é","nothing":null,"number":-42,"smallest":-9223372036854775808,"flag":true,"#
                + #""half":0.5,"list":["x","y"],"inner":{"zero":0},"empty":[],"tree":{"a":[1,null]},"none":null}"#)
    }

    @Test("What is written is read back the same")
    func roundTrip() throws {
        let value: JSONValue = ["a": [1, 2.5, "q\"", nil, true, ["b": .array([])]], "é": "😀"]
        #expect(try JSONValue.parse(value.serialized()) == value)
    }

    @Test("Numbers that JSON cannot say become null")
    func infinity() {
        #expect(JSONValue.number(.infinity).text == "null")
    }
}
