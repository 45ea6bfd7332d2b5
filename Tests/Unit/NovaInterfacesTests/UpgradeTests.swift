import NovaWire
import Testing

/// Records of older and newer senders are understood: what a rolling upgrade needs.
@Suite("Records across releases")
struct UpgradeTests {
    // A text, a number and a list that this version knows nothing of.
    private static let extra: [UInt8] = [3, 0x6E, 0x65, 0x77, 42, 2, 1, 1]

    @Test("a sample fills every field, and the code writes it as the tests' own encoder does", arguments: Message.all)
    func sample(_ message: Message) {
        #expect(FieldTree.equalFields(message.sample, message.empty, at: message.name) == [])
        #expect(message.encoded == message.sample.encoded())
    }

    @Test("fields that a newer sender appended are skipped, at each depth", arguments: Message.all)
    func newer(_ message: Message) throws {
        let bytes = message.sample.encoded(extra: Self.extra)
        #expect(bytes.count > message.encoded.count)
        #expect(try message.decode(bytes).encoded() == message.encoded)
    }

    @Test("a last field that an older sender did not know has its default, at each depth", arguments: Message.all)
    func older(_ message: Message) throws {
        let bytes = message.sample.older.encoded()
        #expect(try message.decode(bytes).encoded() == message.sample.olderRead.encoded())
    }
}
