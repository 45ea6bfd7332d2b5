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

    @Test("Texts of every length and place of what is escaped are read back the same")
    func escapes() throws {
        for length in 0..<40 {
            for special in ["", "\"", "\\", "\n", "\u{1F}", "\u{20}", "\u{7F}", "é", "\u{A2}", "\u{DC}"] {
                for place in 0...length {
                    var text = String(repeating: "x", count: length)
                    text.insert(contentsOf: special, at: text.index(text.startIndex, offsetBy: place))
                    let value: JSONValue = .object([text: .string(text), "n": .integer(Int64(length) * 111)])
                    #expect(try JSONValue.parse(value.serialized()) == value)
                }
            }
        }
    }

    @Test("A long text is kept in pieces, which together are the text")
    func pieces() throws {
        let value: JSONValue = .array((0..<5000).map { ["number": .integer($0), "text": .string("\($0) \"quoted\"")] })
        var writer = JSONWriter()
        writer.object { $0.field("list", value) }
        let whole = writer.bytes
        let pieces = writer.finish()
        #expect(pieces.count > 2)
        #expect(pieces.allSatisfy { $0.count < 70_000 })
        #expect(Array(pieces.joined()) == whole)
        #expect(try JSONValue.parse(whole) == ["list": value])
    }

    @Test("Numbers that JSON cannot say become null")
    func infinity() {
        #expect(JSONValue.number(.infinity).text == "null")
    }
}
