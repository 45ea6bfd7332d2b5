import NovaWire
import Testing

@Suite("Descriptions of records")
struct RecordDescriptionTests {
    @Test("fields stand in wire order with their types and defaults")
    func everyField() {
        let description = RecordDescription(EveryField.self)
        #expect(description.name == "EveryField")
        #expect(
            description.fields.map { "\($0.name): \(Self.text($0.type))" } == [
                "flag: bool", "signed: int", "unsigned: uint", "float: float", "text: text", "uuid: uuid",
                "server: uuid", "user: id", "project: id", "time: time", "missing: optional text",
                "present: optional int", "list: list of text", "map: {text: text}", "secret: secret text",
                "blob: bytes", "color: Color", "inner: record Inner", "inners: list of record Inner",
            ])
        #expect(description.fields.compactMap(\.defaultText) == ["red"])
    }

    @Test("a default is told unless it is the type's zero")
    func defaults() {
        let fields = RecordDescription(LaterInner.self).fields
        #expect(fields.map(\.defaultText) == ["\"default\"", "42", nil, "blue"])
    }

    @Test("an enumeration's cases stand in the order of their numbers")
    func enumeration() {
        let description = EnumDescription(Color.self)
        #expect(description.name == "Color")
        #expect(description.cases == ["red", "green", "blue"])
    }

    private static func text(_ type: FieldType) -> String {
        switch type {
        case .plain(let name): name
        case .optional(let inner): "optional \(text(inner))"
        case .list(let inner): "list of \(text(inner))"
        case .secret(let inner): "secret \(text(inner))"
        case .enumeration(let inner): inner.name
        case .record(let inner): "record \(RecordDescription(inner).name)"
        }
    }
}
