import NovaCore
import NovaXML
import Testing

@Suite("XML")
struct XMLTests {
    @Test("what is written is read back")
    func roundTrip() throws {
        let element = XMLElement("domain", ["type": "qemu", "note": "a<b & \"c\"\n\t'd'"]) {
            XMLElement("name", text: "x & y < z > \r é 🐧")
            for index in 0..<2 { XMLElement("disk", ["index": "\(index)"]) }
            XMLElement("os") { XMLElement("type", ["arch": "x86_64"], text: "hvm") }
        }
        let text = element.serialized()
        #expect(try XMLReader.parse(text) == element)
        #expect(text.contains("note=\"a&lt;b &amp; &quot;c&quot;&#10;&#9;'d'\""))
        #expect(element.at("os", "type")?.text == "hvm")
        #expect(element.all("disk").count == 2)
    }

    @Test("characters that XML cannot hold are replaced")
    func controlCharacters() throws {
        let text = XMLElement("a", text: "x\u{0}\u{1B}y").serialized()
        #expect(text == "<a>x\u{FFFD}\u{FFFD}y</a>")
    }

    @Test("prolog, comments, CDATA, references and indentation")
    func reading() throws {
        let root = try XMLReader.parse(
            """
            <?xml version='1.0'?>
            <!-- hello -->
            <a b='1' c = "x&#x41;&#66;&apos;">
              <!-- inside --><d><![CDATA[1 < 2]]></d>
              <e/>
            </a>
            """)
        #expect(root[attribute: "c"] == "xAB'")
        #expect(root.first("d")?.text == "1 < 2")
        #expect(root.children.count == 2)
    }

    @Test(
        "what is not well-formed is refused",
        arguments: [
            "", "a", "<a>", "<a></b>", "<a b='1' b='2'/>", "<a b=1/>", "<a>&foo;</a>", "<a>&#0;</a>", "<a/><b/>",
            "<!DOCTYPE a><a/>", "<a b='<'/>", "<a>\u{1}</a>", "<a b='1'c='2'/>", "<1/>", "<a>&amp</a>", "<a", "<a b",
        ])
    func malformed(text: String) {
        #expect { try XMLReader.parse(text) } throws: { ($0 as? NovaError)?.code == .malformed }
    }

    @Test("depth is bounded")
    func depth() {
        let deep = String(repeating: "<a>", count: 65) + String(repeating: "</a>", count: 65)
        #expect(throws: NovaError.self) { try XMLReader.parse(deep) }
        #expect(throws: Never.self) { try XMLReader.parse(String(deep.dropFirst(3).dropLast(4))) }
    }

    @Test("attributes are set, changed and removed")
    func attributes() {
        var element = XMLElement("a", ["b": "1"])
        element[attribute: "b"] = "2"
        element[attribute: "c"] = "3"
        #expect(element.serialized() == "<a b=\"2\" c=\"3\"/>")
        element[attribute: "b"] = nil
        #expect(element.serialized() == "<a c=\"3\"/>")
    }
}
