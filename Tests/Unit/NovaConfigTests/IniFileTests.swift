import NovaConfig
import NovaCore
import Testing

@Suite struct IniFileTests {
    private func parse(_ text: String) throws -> [IniFile.Assignment] {
        try IniFile(text: text, path: "nova.conf").assignments
    }

    private func refusal(_ text: String) -> String {
        do {
            _ = try parse(text)
            return "accepted"
        } catch { return NovaError(error).message }
    }

    @Test func readsSectionsCommentsAndBothSigns() throws {
        let found = try parse(
            """
            # comment
            ; another
            [DEFAULT]
            debug = true
            host: node-1

            [queue]
            endpoint=tcp://127.0.0.1:5550
            """)
        #expect(found.map(\.section) == ["DEFAULT", "DEFAULT", "queue"])
        #expect(found.map(\.name) == ["debug", "host", "endpoint"])
        #expect(found.map(\.value) == ["true", "node-1", "tcp://127.0.0.1:5550"])
        #expect(found.map(\.line) == [4, 5, 8])
    }

    @Test func continuesIndentedLines() throws {
        let found = try parse("[a]\nlist = one,\n    two,\n\tthree\nnext = 1\n")
        #expect(found.map(\.value) == ["one,\ntwo,\nthree", "1"])
    }

    @Test func keepsRepeatedKeysAndEmptyValues() throws {
        let found = try parse("[a]\nx = 1\nx = 2\ny =\n")
        #expect(found.map(\.value) == ["1", "2", ""])
    }

    @Test func takesQuotesOff() throws {
        let found = try parse("[a]\nx = \"two words \"\ny = 'z'\nw = \"open\n")
        #expect(found.map(\.value) == ["two words ", "z", "\"open"])
    }

    @Test func readsWindowsLineEnds() throws {
        #expect(try parse("[a]\r\nx = 1\r\n").map(\.value) == ["1"])
    }

    @Test func refusesWithFileAndLine() {
        #expect(refusal("[a]\nnonsense\n") == "nova.conf:2: expected `name = value`.")
        #expect(refusal("x = 1\n").hasPrefix("nova.conf:1: an option stands before"))
        #expect(refusal("[a\n").hasPrefix("nova.conf:1: a section is written"))
        #expect(refusal("[a]\n  x = 1\n").hasPrefix("nova.conf:2: an indented line"))
        #expect(refusal("[a]\nx = 1\n\n  y\n").hasPrefix("nova.conf:4: an indented line"))
        #expect(refusal("[a]\n= 1\n").hasPrefix("nova.conf:2: expected"))
    }

    @Test func saysWhichFileIsMissing() {
        do {
            _ = try IniFile(path: "/nowhere/nova.conf")
            Issue.record("a missing file was read")
        } catch {
            #expect(NovaError(error).message.contains("/nowhere/nova.conf: No such file"))
        }
    }
}
