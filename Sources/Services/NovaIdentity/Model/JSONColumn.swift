import NovaCore
import NovaSchema
import NovaWire

/// A JSON object that one column holds as text: attributes that the service keeps and does not look at.
struct JSONColumn: FieldValue, Equatable {
    var object: JSONObject

    init(_ object: JSONObject = [:]) { self.object = object }

    func encode(to writer: inout WireWriter) { writer.text(text) }
    init(from reader: inout WireReader) throws(WireError) { self = try Self.parse(try reader.text()) }
    var column: ColumnValue { .text(text) }
    init(column: ColumnValue) throws(WireError) {
        guard case .text(let text) = column else { throw .badValue }
        self = try Self.parse(text)
    }
    static var wireType: String { "text" }
    var debugText: String { text }

    /// These attributes over some others, which win.
    func extended(by attributes: JSONObject) -> JSONValue {
        var body = attributes
        for (name, value) in object where body[name] == nil { body[name] = value }
        return .object(body)
    }

    private var text: String { JSONValue.object(object).text }

    private static func parse(_ text: String) throws(WireError) -> JSONColumn {
        if text == "{}" { return JSONColumn() }
        guard let object = (try? JSONValue.parse(text: text))?.objectValue else { throw .badValue }
        return JSONColumn(object)
    }
}
