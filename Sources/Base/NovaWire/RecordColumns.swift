/// Rows of records: the same field list as on the wire.
extension Record {
    /// The names of the fields, in order: the columns of a table of such records.
    public static var columnNames: [String] {
        var value = Self()
        var visitor = NamesVisitor()
        value.fields(&visitor)
        return visitor.names
    }

    /// The values of the fields, in the order of ``columnNames``.
    public var columns: [ColumnValue] {
        var copy = self
        var visitor = ColumnsVisitor()
        copy.fields(&visitor)
        return visitor.values
    }

    /// Reads a row whose columns stand in the order of ``columnNames``; `next` gives them one by one.
    public init(nextColumn next: () -> ColumnValue) throws(WireError) {
        self.init()
        // The visitor needs an escaping closure's lifetime only during `fields`.
        self = try withoutActuallyEscaping(next) { (next) throws(WireError) in
            var visitor = RowVisitor(next: next)
            var value = Self()
            value.fields(&visitor)
            if let error = visitor.error { throw error }
            return value
        }
    }
}

private struct NamesVisitor: FieldVisitor {
    var names: [String] = []
    mutating func visit<T: FieldValue>(_ name: StaticString, _ value: inout T) { names.append("\(name)") }
}

private struct ColumnsVisitor: FieldVisitor {
    var values: [ColumnValue] = []
    mutating func visit<T: FieldValue>(_ name: StaticString, _ value: inout T) { values.append(value.column) }
}

private struct RowVisitor: FieldVisitor {
    var next: () -> ColumnValue
    var error: WireError?
    mutating func visit<T: FieldValue>(_ name: StaticString, _ value: inout T) {
        guard error == nil else { return }
        do throws(WireError) { value = try T(column: next()) } catch { self.error = error }
    }
}
