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
    @inlinable
    public var columns: [ColumnValue] {
        var copy = self
        var visitor = ColumnsVisitor()
        copy.fields(&visitor)
        return visitor.values
    }

    /// Reads a row whose columns stand in the order of ``columnNames``; `next` gives them one by one.
    @inlinable
    public init(nextColumn next: () -> ColumnValue) throws(WireError) {
        self.init()
        try read { next() }
    }

    /// Becomes the record of another row; a field stays as it is where `next` gives nil for its column.
    ///
    /// After a failure it is neither the former nor the new one.
    @inlinable
    public mutating func read(nextColumn next: () -> ColumnValue?) throws(WireError) {
        // The visitor needs an escaping closure's lifetime only during `fields`.
        try withoutActuallyEscaping(next) { (next) throws(WireError) in
            var visitor = RowVisitor(next: next)
            fields(&visitor)
            if let error = visitor.error { throw error }
        }
    }
}

private struct NamesVisitor: FieldVisitor {
    var names: [String] = []
    mutating func visit<T: FieldValue>(_ name: StaticString, _ value: inout T) { names.append("\(name)") }
}

// Inlinable, as the records' field lists are: the compiler makes one function of a record's columns.
@usableFromInline
struct ColumnsVisitor: FieldVisitor {
    @usableFromInline var values: [ColumnValue] = []
    @inlinable init() {}
    @inlinable
    mutating func visit<T: FieldValue>(_ name: StaticString, _ value: inout T) { values.append(value.column) }
}

@usableFromInline
struct RowVisitor: FieldVisitor {
    @usableFromInline let next: () -> ColumnValue?
    @usableFromInline var error: WireError?
    @inlinable init(next: @escaping () -> ColumnValue?) { self.next = next }
    @inlinable
    mutating func visit<T: FieldValue>(_ name: StaticString, _ value: inout T) {
        guard error == nil, let column = next() else { return }
        do throws(WireError) { value = try T(column: column) } catch { self.error = error }
    }
}
